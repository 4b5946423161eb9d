(* The scalar steps: activations u, and the losses of one number.

   Claims served: "the U step is a global minimiser", "the V_N step of hinge and Huber is", and
   "each lowers the objective by at least alpha/2 times the step squared".  All over the reals:
   nothing is said about floating point, nor that the Python source is what is written here. *)

From Coq Require Import Reals Lra Lia Psatz List Sorted.
From NNBCD Require Import sums.
Import ListNotations.
Open Scope R_scope.

(* The U problem of one entry, for an activation s: v is the next layer's value, m the weighted
   mean of the prediction and the old value. *)
Definition cost (gamma beta v m : R) (s : R -> R) (u : R) : R :=
  gamma / 2 * (v - s u) ^ 2 + beta / 2 * (u - m) ^ 2.

Definition minimiser (f : R -> R) (x : R) : Prop := forall u, f x <= f u.

(* A piece: slope * u + intercept between low and high; None is unbounded. *)
Record piece := Piece { slope : R; intercept : R; low : option R; high : option R }.

Definition inside (p : piece) (u : R) : Prop :=
  match low p with Some l => l <= u | None => True end /\
  match high p with Some h => u <= h | None => True end.

Definition clip (p : piece) (u : R) : R :=
  let above := match low p with Some l => Rmax u l | None => u end in
  match high p with Some h => Rmin above h | None => above end.

Definition candidate (gamma beta v m : R) (p : piece) : R :=
  clip p ((gamma * slope p * (v - intercept p) + beta * m) / (gamma * slope p ^ 2 + beta)).

Definition covers (pieces : list piece) : Prop := forall u, exists p, In p pieces /\ inside p u.

Definition agrees (pieces : list piece) (s : R -> R) : Prop :=
  forall p u, In p pieces -> inside p u -> s u = slope p * u + intercept p.

Lemma clip_inside : forall p u w, inside p w -> inside p (clip p u).
Proof.
  intros [k c l h] u w [Hl Hh]; unfold inside, clip, Rmin, Rmax in *; simpl in *.
  destruct l as [l|], h as [h|]; repeat (destruct (Rle_dec _ _)); split; try exact I; lra.
Qed.

(* The clipped point is on the same side of every point of the piece as u, or equal to u. *)
Lemma clip_towards : forall p u w, inside p w -> 0 <= (w - clip p u) * (clip p u - u).
Proof.
  intros [k c l h] u w [Hl Hh]; unfold clip, Rmin, Rmax in *; simpl in *.
  destruct l as [l|], h as [h|]; repeat (destruct (Rle_dec _ _)); simpl in *; nra.
Qed.

(* On its piece a candidate beats every point, by beta/2 times the distance squared. *)
Lemma candidate_best_on_piece : forall gamma beta v m pieces s p u,
  0 <= gamma -> 0 < beta -> agrees pieces s -> In p pieces -> inside p u ->
  cost gamma beta v m s (candidate gamma beta v m p)
    + beta / 2 * (u - candidate gamma beta v m p) ^ 2 <= cost gamma beta v m s u.
Proof.
  intros gamma beta v m pieces s p u Hg Hb Hs Hp Hu; unfold cost, candidate.
  set (q := (gamma * slope p * (v - intercept p) + beta * m) / (gamma * slope p ^ 2 + beta)).
  rewrite (Hs p u Hp Hu), (Hs p (clip p q) Hp (clip_inside p q u Hu)).
  pose proof (clip_towards p q u Hu) as H.
  set (x := clip p q) in *; set (k := slope p) in *; set (c := intercept p) in *.
  assert (Hk : 0 <= gamma * k ^ 2) by (apply Rmult_le_pos; [exact Hg|apply pow2_ge_0]).
  assert (E : (gamma * k ^ 2 + beta) * q = gamma * k * (v - c) + beta * m)
    by (unfold q; field; lra).
  assert (I : gamma / 2 * (v - (k * u + c)) ^ 2 + beta / 2 * (u - m) ^ 2
              - (gamma / 2 * (v - (k * x + c)) ^ 2 + beta / 2 * (x - m) ^ 2)
              = (gamma * k ^ 2 + beta) * ((u - x) * (x - q)) + gamma * k ^ 2 / 2 * (u - x) ^ 2
                + beta / 2 * (u - x) ^ 2
                + ((gamma * k ^ 2 + beta) * q - (gamma * k * (v - c) + beta * m)) * (u - x))
    by field.
  rewrite E in I.
  assert (0 <= (gamma * k ^ 2 + beta) * ((u - x) * (x - q))) by (apply Rmult_le_pos; lra).
  assert (0 <= gamma * k ^ 2 / 2 * (u - x) ^ 2)
    by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  lra.
Qed.

(* A function affine on each of finitely many closed pieces that cover the line: whatever is no
   worse than every piece's clipped stationary point is a global minimiser.  The claim "U step"
   for every piecewise-affine activation.  Nothing is asked of the pieces but that they cover the
   line and agree with s; there may be any number, and they may overlap. *)
Theorem pieces_best_is_global : forall gamma beta v m pieces s x,
  0 <= gamma -> 0 < beta -> covers pieces -> agrees pieces s ->
  (forall p, In p pieces -> cost gamma beta v m s x
                            <= cost gamma beta v m s (candidate gamma beta v m p)) ->
  minimiser (cost gamma beta v m s) x.
Proof.
  intros gamma beta v m pieces s x Hg Hb Hc Hs Hx u.
  destruct (Hc u) as [p [Hp Hu]]; specialize (Hx p Hp).
  pose proof (candidate_best_on_piece gamma beta v m pieces s p u Hg Hb Hs Hp Hu) as H.
  assert (0 <= beta / 2 * (u - candidate gamma beta v m p) ^ 2)
    by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  lra.
Qed.

(* Every global minimiser is one of the candidates: none is missed. *)
Theorem pieces_miss_none : forall gamma beta v m pieces s x,
  0 <= gamma -> 0 < beta -> covers pieces -> agrees pieces s ->
  minimiser (cost gamma beta v m s) x ->
  exists p, In p pieces /\ x = candidate gamma beta v m p.
Proof.
  intros gamma beta v m pieces s x Hg Hb Hc Hs Hx.
  destruct (Hc x) as [p [Hp Hu]]; exists p; split; [exact Hp|].
  pose proof (candidate_best_on_piece gamma beta v m pieces s p x Hg Hb Hs Hp Hu) as H.
  specialize (Hx (candidate gamma beta v m p)).
  assert ((x - candidate gamma beta v m p) ^ 2 <= 0)
    by (apply Rmult_le_reg_l with (beta / 2); lra).
  nra.
Qed.

(* The rule that settles ties, as a walk along the candidates: a later one wins if it is better,
   or as good and nearer to the old value. *)
Definition wins (f : R -> R) (old u best : R) : bool :=
  if Rlt_dec (f u) (f best) then true
  else if Req_EM_T (f u) (f best)
       then (if Rlt_dec (Rabs (u - old)) (Rabs (best - old)) then true else false)
       else false.

Fixpoint choose (f : R -> R) (old best : R) (rest : list R) : R :=
  match rest with
  | [] => best
  | u :: more => choose f old (if wins f old u best then u else best) more
  end.

(* x is at least as good as y; as good and nearer; or as good, as near and not above. *)
Definition first (f : R -> R) (old x y : R) : Prop :=
  f x < f y \/ (f x = f y /\ (Rabs (x - old) < Rabs (y - old) \/
                              (Rabs (x - old) = Rabs (y - old) /\ x <= y))).

Lemma choose_first : forall f old rest best,
  StronglySorted Rle (best :: rest) ->
  In (choose f old best rest) (best :: rest) /\
  forall y, In y (best :: rest) -> first f old (choose f old best rest) y.
Proof.
  intros f old rest; induction rest as [|u rest IH]; intros best Hsort.
  - split; [left; reflexivity|]; intros y [<-|[]]; unfold first; right; simpl; split; [|right]; lra.
  - inversion Hsort as [|? ? Hrest Hall]; subst; inversion Hrest as [|? ? Hrest' Hall']; subst.
    inversion Hall as [|? ? Hle Hall'']; subst.
    set (best' := if wins f old u best then u else best).
    assert (Hs : StronglySorted Rle (best' :: rest))
      by (unfold best'; destruct (wins f old u best); constructor; assumption).
    destruct (IH best' Hs) as [Hin Hfirst].
    change (choose f old best (u :: rest)) with (choose f old best' rest).
    split.
    + destruct Hin as [E|Hin]; [|right; right; exact Hin].
      rewrite <- E; unfold best'; destruct (wins f old u best); [right; left|left]; reflexivity.
    + pose proof (Hfirst best' (or_introl eq_refl)) as H.
      assert (Hb : first f old best' best /\ first f old best' u).
      { unfold best', wins, first.
        destruct (Rlt_dec (f u) (f best)); [lra|].
        destruct (Req_EM_T (f u) (f best)); [|lra].
        destruct (Rlt_dec _ _); lra. }
      destruct Hb as [Hb Hu].
      intros y [<-|[<-|Hy]]; [| |apply Hfirst; right; exact Hy]; unfold first in *; lra.
Qed.

(* What the solver returns: of the global minimisers the one nearest to the old value, and of two
   equally near the lower.  The candidates are walked in ascending order. *)
Theorem pieces_choice : forall gamma beta v m old p more s x,
  0 <= gamma -> 0 < beta -> covers (p :: more) -> agrees (p :: more) s ->
  StronglySorted Rle (map (candidate gamma beta v m) (p :: more)) ->
  x = choose (cost gamma beta v m s) old (candidate gamma beta v m p)
        (map (candidate gamma beta v m) more) ->
  minimiser (cost gamma beta v m s) x /\
  forall y, minimiser (cost gamma beta v m s) y ->
    Rabs (x - old) <= Rabs (y - old) /\ (Rabs (x - old) = Rabs (y - old) -> x <= y).
Proof.
  intros gamma beta v m old p more s x Hg Hb Hc Hs Hsort ->.
  destruct (choose_first (cost gamma beta v m s) old _ _ Hsort) as [Hin Hfirst].
  set (x := choose _ _ _ _) in *; clearbody x.
  assert (Hx : minimiser (cost gamma beta v m s) x).
  { apply (pieces_best_is_global gamma beta v m (p :: more) s); try assumption.
    intros q Hq; specialize (Hfirst _ (in_map (candidate gamma beta v m) _ _ Hq)).
    unfold first in Hfirst; lra. }
  split; [exact Hx|]; intros y Hy.
  destruct (pieces_miss_none gamma beta v m (p :: more) s y Hg Hb Hc Hs Hy) as [q [Hq Ey]].
  specialize (Hfirst _ (in_map (candidate gamma beta v m) _ _ Hq)); rewrite <- Ey in Hfirst.
  specialize (Hx y); specialize (Hy x); unfold first in Hfirst; lra.
Qed.

(* ReLU. *)
Definition relu (u : R) : R := Rmax u 0.
Definition relu_left (m : R) : R := Rmin m 0.
Definition relu_right (gamma beta v m : R) : R := Rmax ((gamma * v + beta * m) / (gamma + beta)) 0.
Definition relu_pieces : list piece := [Piece 0 0 None (Some 0); Piece 1 0 (Some 0) None].

Lemma relu_covers : covers relu_pieces.
Proof.
  intros u; destruct (Rle_dec u 0).
  - exists (Piece 0 0 None (Some 0)); simpl; split; [tauto|]; split; simpl; [exact I|assumption].
  - exists (Piece 1 0 (Some 0) None); simpl; split; [tauto|]; split; simpl; [lra|exact I].
Qed.

Lemma relu_agrees : agrees relu_pieces relu.
Proof.
  intros p u [<-|[<-|[]]] [Hl Hh]; simpl in *; unfold relu, Rmax; destruct (Rle_dec u 0); lra.
Qed.

Lemma relu_candidates : forall gamma beta v m,
  0 <= gamma -> 0 < beta ->
  map (candidate gamma beta v m) relu_pieces = [relu_left m; relu_right gamma beta v m].
Proof.
  intros gamma beta v m Hg Hb.
  unfold candidate, clip, relu_left, relu_right, relu_pieces; cbn [map slope intercept low high].
  replace ((gamma * 0 * (v - 0) + beta * m) / (gamma * 0 ^ 2 + beta)) with m by (field; lra).
  replace ((gamma * 1 * (v - 0) + beta * m) / (gamma * 1 ^ 2 + beta))
    with ((gamma * v + beta * m) / (gamma + beta)) by (field; lra).
  reflexivity.
Qed.

(* For all v, m and gamma >= 0, beta > 0: whichever of the two clipped piece minimisers is no worse
   than the other is a global minimiser of gamma/2 (v - max(u,0))^2 + beta/2 (u - m)^2. *)
Theorem relu_best_is_global : forall gamma beta v m x,
  0 <= gamma -> 0 < beta ->
  cost gamma beta v m relu x <= cost gamma beta v m relu (relu_left m) ->
  cost gamma beta v m relu x <= cost gamma beta v m relu (relu_right gamma beta v m) ->
  minimiser (cost gamma beta v m relu) x.
Proof.
  intros gamma beta v m x Hg Hb H1 H2.
  apply (pieces_best_is_global gamma beta v m relu_pieces);
    [exact Hg|exact Hb|apply relu_covers|apply relu_agrees|].
  intros p Hp; apply (in_map (candidate gamma beta v m)) in Hp.
  rewrite relu_candidates in Hp by assumption.
  destruct Hp as [<-|[<-|[]]]; assumption.
Qed.

(* The solver's ReLU step, with its rule for ties, and that no global minimiser is nearer to the
   old value. *)
Theorem relu_step : forall gamma beta v m old x,
  0 <= gamma -> 0 < beta ->
  x = choose (cost gamma beta v m relu) old (relu_left m) [relu_right gamma beta v m] ->
  minimiser (cost gamma beta v m relu) x /\
  forall y, minimiser (cost gamma beta v m relu) y ->
    Rabs (x - old) <= Rabs (y - old) /\ (Rabs (x - old) = Rabs (y - old) -> x <= y).
Proof.
  intros gamma beta v m old x Hg Hb Ex.
  pose proof (relu_candidates gamma beta v m Hg Hb) as E; unfold relu_pieces in E.
  pose proof E as E'; cbn [map] in E'; injection E' as E1 E2.
  apply (pieces_choice gamma beta v m old (Piece 0 0 None (Some 0))
           [Piece 1 0 (Some 0) None]); [exact Hg|exact Hb|apply relu_covers|apply relu_agrees| |].
  - rewrite E.
    assert (relu_left m <= relu_right gamma beta v m)
      by (apply Rle_trans with 0; [apply Rmin_r|apply Rmax_r]).
    repeat (constructor; try assumption).
  - cbn [map]; rewrite E1, E2; exact Ex.
Qed.

(* The form of ReLU's step in the literature, with c = beta/gamma, as its three cases.  At the ends
   of the cases more than one may allow its x. *)
Definition switch (c a : R) : R := a * (c - sqrt (c * (c + 1))).

Definition literature (c a b x : R) : Prop :=
  ((0 <= a + c * b /\ 0 <= b \/ b < 0 /\ switch c a <= c * b) /\ x = (a + c * b) / (1 + c))
  \/ (- a <= c * b <= switch c a /\ x = b)
  \/ (a + c * b < 0 /\ x = Rmin b 0).

(* Some case always applies. *)
Theorem literature_exhaustive : forall c a b, 0 < c -> exists x, literature c a b x.
Proof.
  intros c a b Hc; unfold literature.
  destruct (Rlt_dec (a + c * b) 0); [exists (Rmin b 0); tauto|].
  destruct (Rle_dec 0 b); [exists ((a + c * b) / (1 + c)); left; split; [left|]; lra|].
  destruct (Rle_dec (switch c a) (c * b)).
  - exists ((a + c * b) / (1 + c)); left; split; [right|]; lra.
  - exists b; right; left; split; lra.
Qed.

Lemma relu_pos : forall u, 0 <= u -> relu u = u.
Proof. intros u H; unfold relu; apply Rmax_left; exact H. Qed.

Lemma relu_neg : forall u, u <= 0 -> relu u = 0.
Proof. intros u H; unfold relu; apply Rmax_right; exact H. Qed.

(* ReLU's cost over gamma/2. *)
Definition reduced (c a b u : R) : R := (a - relu u) ^ 2 + c * (u - b) ^ 2.

Lemma reduced_pos : forall c a b u, 0 <= u ->
  (1 + c) * reduced c a b u = ((1 + c) * u - (a + c * b)) ^ 2 + c * (a - b) ^ 2.
Proof. intros c a b u H; unfold reduced; rewrite (relu_pos u H); ring. Qed.

Lemma reduced_neg : forall c a b u, u <= 0 -> reduced c a b u = a ^ 2 + c * (u - b) ^ 2.
Proof. intros c a b u H; unfold reduced; rewrite (relu_neg u H); ring. Qed.

Lemma root_of_switch : forall c, 0 < c ->
  exists s, s = sqrt (c * (c + 1)) /\ s ^ 2 = c * (c + 1) /\ c < s /\ 2 * s < 2 * c + 1.
Proof.
  intros c Hc; exists (sqrt (c * (c + 1))); split; [reflexivity|].
  assert (Hp : 0 <= c * (c + 1)) by nra.
  pose proof (square_sqrt _ Hp) as E; pose proof (sqrt_pos (c * (c + 1))) as Hs.
  set (s := sqrt (c * (c + 1))) in *; clearbody s; repeat split; nra.
Qed.

(* c times the difference of the two pieces' best values, times 1 + c. *)
Lemma switch_product : forall c a b s, s ^ 2 = c * (c + 1) ->
  c * ((1 + c) * a ^ 2 - c * (a - b) ^ 2)
    = (a * s + a * c - c * b) * (a * s - a * c + c * b).
Proof.
  intros c a b s E.
  replace ((a * s + a * c - c * b) * (a * s - a * c + c * b))
    with (a ^ 2 * s ^ 2 - (a * c - c * b) ^ 2) by ring.
  rewrite E; ring.
Qed.

Lemma mult_nonpos : forall k x, 0 <= k -> x <= 0 -> k * x <= 0.
Proof. intros k x Hk Hx; pose proof (Rmult_le_pos k (- x) Hk); lra. Qed.

Lemma literature_reduced : forall c a b x u,
  0 < c -> literature c a b x ->
  reduced c a b x <= reduced c a b u /\
  (reduced c a b u <= reduced c a b x -> u = x \/ (b < 0 /\ c * b = switch c a)).
Proof.
  intros c a b x u Hc Hx.
  destruct (root_of_switch c Hc) as [s [Es [E [Hs Hs']]]].
  pose proof (switch_product c a b s E) as P.
  unfold literature, switch in *; rewrite <- Es in *; clear Es.
  destruct Hx as [[Hcase Ex]|[[[H1 H2] ->]|[H1 Ex]]].
  - assert (Ex' : (1 + c) * x = a + c * b) by (rewrite Ex; field; lra); clear Ex.
    assert (Hq : 0 <= a + c * b).
    { destruct Hcase as [[H _]|[H1 H2]]; [exact H|].
      assert (0 < c * - b) by (apply Rmult_lt_0_compat; lra).
      assert (0 < a) by nra; nra. }
    assert (Hx : 0 <= x) by nra.
    pose proof (reduced_pos c a b x Hx) as Fx; rewrite Ex' in Fx.
    destruct (Rle_dec 0 u) as [Hu|Hu].
    + pose proof (reduced_pos c a b u Hu) as Fu; rewrite <- Ex' in Fu.
      assert (S : (1 + c) * (reduced c a b u - reduced c a b x) = ((1 + c) * (u - x)) ^ 2)
        by (rewrite Rmult_minus_distr_l, Fu, Fx; ring).
      pose proof (pow2_ge_0 ((1 + c) * (u - x))) as H.
      split; [nra|]; intro Hle; left.
      assert (Z : ((1 + c) * (u - x)) ^ 2 = 0) by nra.
      assert ((1 + c) * (u - x) = 0) by nra; nra.
    + assert (Hu' : u <= 0) by lra; pose proof (reduced_neg c a b u Hu') as Fu.
      destruct Hcase as [[_ Hb]|[Hb Ht]].
      * assert (S : (1 + c) * (reduced c a b u - reduced c a b x)
                    = (a + c * b) ^ 2 + c * (1 + c) * (u * (u - 2 * b)))
          by (rewrite Rmult_minus_distr_l, Fu, Fx; ring).
        assert (0 < u * (u - 2 * b)) by nra.
        assert (0 < c * (1 + c)) by nra.
        assert (0 < c * (1 + c) * (u * (u - 2 * b))) by (apply Rmult_lt_0_compat; assumption).
        pose proof (pow2_ge_0 (a + c * b)).
        assert (0 < reduced c a b u - reduced c a b x)
          by (apply Rmult_lt_reg_l with (1 + c); lra).
        split; [lra|intro; lra].
      * assert (S : c * ((1 + c) * (reduced c a b u - reduced c a b x))
                    = (a * s + a * c - c * b) * (a * s - a * c + c * b)
                      + c * (1 + c) * c * (u - b) ^ 2)
          by (rewrite Rmult_minus_distr_l, Fu, Fx, <- P; ring).
        assert (0 < c * - b) by (apply Rmult_lt_0_compat; lra).
        assert (0 < a) by nra.
        assert (0 < a * s) by (apply Rmult_lt_0_compat; lra).
        assert (0 < a * c) by (apply Rmult_lt_0_compat; lra).
        assert (0 <= c * (1 + c) * c * (u - b) ^ 2)
          by (apply Rmult_le_pos; [nra|apply pow2_ge_0]).
        assert (Hf : 0 < a * s + a * c - c * b) by lra.
        assert (Hg : 0 <= a * s - a * c + c * b) by lra.
        pose proof (Rmult_le_pos _ _ (Rlt_le _ _ Hf) Hg).
        assert (Hcc : 0 < c * (1 + c)) by nra.
        split; [apply Rmult_le_reg_l with (c * (1 + c)); lra|].
        intro Hle; right; split; [exact Hb|].
        assert (c * (1 + c) * (reduced c a b u - reduced c a b x) <= 0)
          by (apply mult_nonpos; lra).
        assert (Z : (a * s + a * c - c * b) * (a * s - a * c + c * b) = 0) by lra.
        apply Rmult_integral in Z; lra.
  - assert (Ha : 0 <= a).
    { destruct (Rle_dec 0 a) as [Ha|Ha]; [exact Ha|].
      assert (0 < - a * (1 - (s - c))) by (apply Rmult_lt_0_compat; lra); lra. }
    assert (Hb : b <= 0).
    { destruct (Rle_dec b 0) as [Hb|Hb]; [exact Hb|].
      assert (0 < c * b) by (apply Rmult_lt_0_compat; lra).
      pose proof (Rmult_le_pos a (s - c) Ha); lra. }
    pose proof (reduced_neg c a b b Hb) as Fx; replace (b - b) with 0 in Fx by ring.
    destruct (Rle_dec u 0) as [Hu|Hu].
    + pose proof (reduced_neg c a b u Hu) as Fu.
      pose proof (pow2_ge_0 (u - b)) as H; split; [nra|]; intro Hle; left.
      assert ((u - b) ^ 2 = 0) by nra; nra.
    + assert (Hu' : 0 <= u) by lra; pose proof (reduced_pos c a b u Hu') as Fu.
      assert (S : c * ((1 + c) * (reduced c a b u - reduced c a b b))
                  = c * ((1 + c) * u - (a + c * b)) ^ 2
                    + (a * s + a * c - c * b) * (- (a * s - a * c + c * b)))
        by (rewrite Rmult_minus_distr_l, Fu, Fx, Ropp_mult_distr_r_reverse, <- P; ring).
      assert (0 <= a * s) by (apply Rmult_le_pos; lra).
      assert (0 <= a * c) by (apply Rmult_le_pos; lra).
      assert (0 <= c * - b) by (apply Rmult_le_pos; lra).
      assert (Hf : 0 <= a * s + a * c - c * b) by lra.
      assert (Hg : 0 <= - (a * s - a * c + c * b)) by lra.
      pose proof (Rmult_le_pos _ _ Hf Hg).
      assert (0 <= c * ((1 + c) * u - (a + c * b)) ^ 2)
        by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
      assert (Hcc : 0 < c * (1 + c)) by nra.
      split; [apply Rmult_le_reg_l with (c * (1 + c)); lra|].
      intro Hle; right.
      assert (c * (1 + c) * (reduced c a b u - reduced c a b b) <= 0)
        by (apply mult_nonpos; lra).
      assert (Z : (a * s + a * c - c * b) * (- (a * s - a * c + c * b)) = 0) by lra.
      assert (Z' : c * ((1 + c) * u - (a + c * b)) ^ 2 = 0) by lra.
      assert (Hsq : (1 + c) * u - (a + c * b) = 0).
      { apply Rmult_integral in Z'; destruct Z'; [lra|nra]. }
      destruct (Req_EM_T b 0) as [->|Hb0].
      * apply Rmult_integral in Z; exfalso; nra.
      * split; [lra|]; apply Rmult_integral in Z; destruct Z; nra.
  - destruct (Rle_dec b 0) as [Hb|Hb].
    + rewrite Rmin_left in Ex by exact Hb; subst x.
      pose proof (reduced_neg c a b b Hb) as Fx; replace (b - b) with 0 in Fx by ring.
      destruct (Rle_dec u 0) as [Hu|Hu].
      * pose proof (reduced_neg c a b u Hu) as Fu.
        pose proof (pow2_ge_0 (u - b)) as H; split; [nra|]; intro Hle; left.
        assert ((u - b) ^ 2 = 0) by nra; nra.
      * assert (Hu' : 0 <= u) by lra; pose proof (reduced_pos c a b u Hu') as Fu.
        assert (S : (1 + c) * (reduced c a b u - reduced c a b b)
                    = ((1 + c) * u) * ((1 + c) * u - 2 * (a + c * b)) + (1 + c) * c * b ^ 2)
          by (rewrite Rmult_minus_distr_l, Fu, Fx; ring).
        assert (0 < (1 + c) * u) by (apply Rmult_lt_0_compat; lra).
        assert (0 < ((1 + c) * u) * ((1 + c) * u - 2 * (a + c * b)))
          by (apply Rmult_lt_0_compat; lra).
        assert (0 <= (1 + c) * c * b ^ 2)
          by (apply Rmult_le_pos; [nra|apply pow2_ge_0]).
        assert (0 < reduced c a b u - reduced c a b b)
          by (apply Rmult_lt_reg_l with (1 + c); lra).
        split; [lra|intro; lra].
    + rewrite Rmin_right in Ex by lra; subst x.
      pose proof (reduced_neg c a b 0 (Rle_refl 0)) as Fx.
      destruct (Rle_dec u 0) as [Hu|Hu].
      * pose proof (reduced_neg c a b u Hu) as Fu.
        assert (S : reduced c a b u - reduced c a b 0 = c * (u * (u - 2 * b)))
          by (rewrite Fu, Fx; ring).
        assert (0 <= u * (u - 2 * b)) by nra.
        split; [nra|]; intro Hle; left.
        assert (Z : u * (u - 2 * b) = 0) by nra.
        apply Rmult_integral in Z; lra.
      * assert (Hu' : 0 <= u) by lra; pose proof (reduced_pos c a b u Hu') as Fu.
        assert (S : (1 + c) * (reduced c a b u - reduced c a b 0)
                    = ((1 + c) * u) * ((1 + c) * u - 2 * (a + c * b)))
          by (rewrite Rmult_minus_distr_l, Fu, Fx; ring).
        assert (0 < (1 + c) * u) by (apply Rmult_lt_0_compat; lra).
        assert (0 < ((1 + c) * u) * ((1 + c) * u - 2 * (a + c * b)))
          by (apply Rmult_lt_0_compat; lra).
        assert (0 < reduced c a b u - reduced c a b 0)
          by (apply Rmult_lt_reg_l with (1 + c); lra).
        split; [lra|intro; lra].
Qed.

Lemma cost_reduced : forall gamma beta v m u, 0 < gamma ->
  cost gamma beta v m relu u = gamma / 2 * reduced (beta / gamma) v m u.
Proof. intros; unfold cost, reduced; field; lra. Qed.

(* The literature's form is a global minimiser too. *)
Theorem literature_is_global : forall gamma beta v m x,
  0 < gamma -> 0 < beta -> literature (beta / gamma) v m x ->
  minimiser (cost gamma beta v m relu) x.
Proof.
  intros gamma beta v m x Hg Hb Hx u; rewrite !cost_reduced by exact Hg.
  apply Rmult_le_compat_l; [lra|].
  apply literature_reduced; [apply Rdiv_lt_0_compat; assumption|exact Hx].
Qed.

(* And the only one, unless m < 0 and c m = v (c - sqrt(c (c+1))), its tie. *)
Theorem literature_is_unique : forall gamma beta v m x y,
  0 < gamma -> 0 < beta -> literature (beta / gamma) v m x ->
  minimiser (cost gamma beta v m relu) y ->
  y = x \/ (m < 0 /\ beta / gamma * m = switch (beta / gamma) v).
Proof.
  intros gamma beta v m x y Hg Hb Hx Hy.
  assert (Hc : 0 < beta / gamma) by (apply Rdiv_lt_0_compat; assumption).
  apply (literature_reduced (beta / gamma) v m x y Hc Hx).
  specialize (Hy x); rewrite !cost_reduced in Hy by exact Hg.
  apply Rmult_le_reg_l with (gamma / 2); lra.
Qed.

(* At the tie there are two: the exception is needed. *)
Theorem literature_tie : forall gamma beta v m,
  0 < gamma -> 0 < beta -> m < 0 -> beta / gamma * m = switch (beta / gamma) v ->
  minimiser (cost gamma beta v m relu) m /\
  minimiser (cost gamma beta v m relu) ((v + beta / gamma * m) / (1 + beta / gamma)) /\
  m < 0 < (v + beta / gamma * m) / (1 + beta / gamma).
Proof.
  intros gamma beta v m Hg Hb Hm Ht.
  assert (Hc : 0 < beta / gamma) by (apply Rdiv_lt_0_compat; assumption).
  set (c := beta / gamma) in *.
  destruct (root_of_switch c Hc) as [s [Es [E [Hs Hs']]]].
  assert (Ht' : c * m = v * (c - s)) by (rewrite Es; exact Ht).
  assert (0 < c * - m) by (apply Rmult_lt_0_compat; lra).
  assert (0 < v) by nra.
  assert (0 < v + c * m) by nra.
  split; [|split; [|split; [exact Hm|apply Rdiv_lt_0_compat; lra]]];
    apply literature_is_global; try assumption; fold c; unfold literature.
  - right; left; split; lra.
  - left; split; [right; lra|reflexivity].
Qed.
