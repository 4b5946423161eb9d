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

(* Pieces in ascending order: each but the first begins where the one before ends, the last is
   unbounded above.  chain None pieces: the first is unbounded below too. *)
Inductive chain : option R -> list piece -> Prop :=
  | chain_last : forall l p, low p = l -> high p = None -> chain l [p]
  | chain_more : forall l t p rest,
      low p = l -> high p = Some t -> match l with Some b => b <= t | None => True end ->
      chain (Some t) rest -> chain l (p :: rest).

Lemma chain_covers_from : forall l pieces, chain l pieces ->
  forall u, match l with Some b => b <= u | None => True end ->
  exists p, In p pieces /\ inside p u.
Proof.
  intros l pieces H; induction H as [l p Hl Hh|l t p rest Hl Hh Ht Hrest IH]; intros u Hu.
  - exists p; split; [left; reflexivity|]; unfold inside; rewrite Hl, Hh; tauto.
  - destruct (Rle_dec u t) as [H|H].
    + exists p; split; [left; reflexivity|]; unfold inside; rewrite Hl, Hh; tauto.
    + destruct (IH u) as [q [Hq Hi]]; [lra|]; exists q; split; [right; exact Hq|exact Hi].
Qed.

Lemma chain_covers : forall pieces, chain None pieces -> covers pieces.
Proof. intros pieces H u; apply (chain_covers_from None); [exact H|exact I]. Qed.

Lemma chain_sorted : forall gamma beta v m l pieces, chain l pieces ->
  StronglySorted Rle (map (candidate gamma beta v m) pieces) /\
  forall b, l = Some b -> Forall (Rle b) (map (candidate gamma beta v m) pieces).
Proof.
  intros gamma beta v m l pieces H.
  induction H as [l p Hl Hh|l t p rest Hl Hh Ht Hrest [IHs IHb]]; cbn [map].
  - split; [repeat constructor|]; intros b ->; constructor; [|constructor].
    unfold candidate, clip; rewrite Hl, Hh; apply Rmax_r.
  - specialize (IHb t eq_refl); split.
    + constructor; [exact IHs|]; apply Forall_impl with (2 := IHb); intros c Hc.
      apply Rle_trans with t; [|exact Hc]; unfold candidate, clip; rewrite Hh; apply Rmin_r.
    + intros b ->; constructor.
      * unfold candidate, clip; rewrite Hl, Hh.
        apply Rmin_glb; [apply Rmax_r|exact Ht].
      * apply Forall_impl with (2 := IHb); intros c Hc; lra.
Qed.

(* What the solver returns, for pieces in ascending order, any number of them: of the global
   minimisers the one nearest to the old value, and of two equally near the lower. *)
Theorem pieces_choice : forall gamma beta v m old p more s x,
  0 <= gamma -> 0 < beta -> chain None (p :: more) -> agrees (p :: more) s ->
  x = choose (cost gamma beta v m s) old (candidate gamma beta v m p)
        (map (candidate gamma beta v m) more) ->
  minimiser (cost gamma beta v m s) x /\
  forall y, minimiser (cost gamma beta v m s) y ->
    Rabs (x - old) <= Rabs (y - old) /\ (Rabs (x - old) = Rabs (y - old) -> x <= y).
Proof.
  intros gamma beta v m old p more s x Hg Hb Hchain Hs ->.
  pose proof (chain_covers _ Hchain) as Hc.
  destruct (chain_sorted gamma beta v m _ _ Hchain) as [Hsort _].
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

(* The activations of the family meet these hypotheses. *)
Definition leaky_pieces (slope : R) : list piece :=
  [Piece slope 0 None (Some 0); Piece 1 0 (Some 0) None].

Lemma leaky_used : forall slope, 0 < slope < 1 ->
  chain None (leaky_pieces slope) /\ agrees (leaky_pieces slope) (fun u => Rmax u (slope * u)).
Proof.
  intros k Hk; split; [repeat econstructor|].
  intros p u [<-|[<-|[]]] [Hl Hh]; simpl in *;
    [rewrite Rmax_right by nra|rewrite Rmax_left by nra]; ring.
Qed.

Definition abs_pieces : list piece := [Piece (-1) 0 None (Some 0); Piece 1 0 (Some 0) None].

Lemma abs_used : chain None abs_pieces /\ agrees abs_pieces Rabs.
Proof.
  split; [repeat econstructor|].
  intros p u [<-|[<-|[]]] [Hl Hh]; simpl in *;
    [rewrite Rabs_left1 by exact Hh|rewrite Rabs_right by lra]; ring.
Qed.

(* k u + c clipped to [bottom, top] between the breaks l and h: hard_tanh (1, 0 from -1 to 1),
   relu6 (1, 0 from 0 to 6) and hard_sigmoid (1/6, 1/2 from -3 to 3). *)
Definition ramp_pieces (k c l h : R) : list piece :=
  [Piece 0 (k * l + c) None (Some l); Piece k c (Some l) (Some h);
   Piece 0 (k * h + c) (Some h) None].

Lemma ramp_used : forall k c l h, 0 < k -> l <= h ->
  chain None (ramp_pieces k c l h) /\
  agrees (ramp_pieces k c l h) (fun u => Rmax (k * l + c) (Rmin (k * u + c) (k * h + c))).
Proof.
  intros k c l h Hk Hlh; split; [repeat (econstructor; try exact Hlh)|].
  assert (M : forall a b, a <= b -> k * a <= k * b) by (intros; apply Rmult_le_compat_l; lra).
  pose proof (M l h Hlh).
  intros p u [<-|[<-|[<-|[]]]] [Hl Hh]; simpl in *.
  - pose proof (M u l Hh); rewrite Rmin_left, Rmax_left by lra; ring.
  - pose proof (M u h Hh); pose proof (M l u Hl); rewrite Rmin_left, Rmax_right by lra; ring.
  - pose proof (M h u Hl); rewrite Rmin_right, Rmax_right by lra; ring.
Qed.

(* ReLU. *)
Definition relu (u : R) : R := Rmax u 0.
Definition relu_left (m : R) : R := Rmin m 0.
Definition relu_right (gamma beta v m : R) : R := Rmax ((gamma * v + beta * m) / (gamma + beta)) 0.
Definition relu_pieces : list piece := [Piece 0 0 None (Some 0); Piece 1 0 (Some 0) None].

Lemma relu_chain : chain None relu_pieces.
Proof. repeat econstructor. Qed.

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
    [exact Hg|exact Hb|apply chain_covers, relu_chain|apply relu_agrees|].
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
           [Piece 1 0 (Some 0) None]); [exact Hg|exact Hb|apply relu_chain|apply relu_agrees|].
  cbn [map]; rewrite E1, E2; exact Ex.
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

(* Its hypotheses can be met, with rational data: gamma = 6, beta = 2, v = 1, m = -1. *)
Lemma literature_tie_used :
  minimiser (cost 6 2 1 (-1) relu) (-1) /\ minimiser (cost 6 2 1 (-1) relu) (1 / 2).
Proof.
  assert (E : sqrt (2 / 6 * (2 / 6 + 1)) = 2 / 3).
  { replace (2 / 6 * (2 / 6 + 1)) with ((2 / 3) ^ 2) by field; apply sqrt_pow2; lra. }
  destruct (literature_tie 6 2 1 (-1)) as [H1 [H2 _]]; try lra.
  - unfold switch; rewrite E; field.
  - split; [exact H1|].
    replace (1 / 2) with ((1 + 2 / 6 * -1) / (1 + 2 / 6)) by field; exact H2.
Qed.

(* The hypotheses of the list theorem can be met with three pieces: max(-1, min(u, 1)). *)
Lemma pieces_best_is_global_used :
  minimiser (cost 1 1 3 2 (fun u => Rmax (-1) (Rmin u 1))) 2.
Proof.
  apply (pieces_best_is_global 1 1 3 2
    [Piece 0 (-1) None (Some (-1)); Piece 1 0 (Some (-1)) (Some 1); Piece 0 1 (Some 1) None]);
    try lra.
  - apply chain_covers; repeat (econstructor; try (simpl; lra)).
  - intros p u [<-|[<-|[<-|[]]]] [Hl Hh]; simpl in *; unfold Rmax, Rmin;
      repeat (destruct (Rle_dec _ _)); lra.
  - assert (H : cost 1 1 3 2 (fun u => Rmax (-1) (Rmin u 1)) 2 = 2)
      by (unfold cost; rewrite Rmin_right, Rmax_right by lra; field).
    assert (H1 : cost 1 1 3 2 (fun u => Rmax (-1) (Rmin u 1)) (-1) = 25 / 2)
      by (unfold cost; rewrite Rmin_left, Rmax_right by lra; field).
    assert (H2 : cost 1 1 3 2 (fun u => Rmax (-1) (Rmin u 1)) 1 = 5 / 2)
      by (unfold cost; rewrite Rmin_left, Rmax_right by lra; field).
    intros p [<-|[<-|[<-|[]]]]; unfold candidate, clip; cbn [slope intercept low high].
    + replace ((1 * 0 * (3 - -1) + 1 * 2) / (1 * 0 ^ 2 + 1)) with 2 by field.
      rewrite Rmin_right by lra; lra.
    + replace ((1 * 1 * (3 - 0) + 1 * 2) / (1 * 1 ^ 2 + 1)) with (5 / 2) by field.
      rewrite Rmax_left, Rmin_right by lra; lra.
    + replace ((1 * 0 * (3 - 1) + 1 * 2) / (1 * 0 ^ 2 + 1)) with 2 by field.
      rewrite Rmax_left by lra; lra.
Qed.

(* Guaranteed decrease. *)

(* A minimiser of f plus alpha/2 times the squared move lowers f by at least alpha/2 times the
   squared move.  f is any function; being no worse than the old value is enough. *)
Theorem prox_decrease : forall (f : R -> R) alpha old x,
  f x + alpha / 2 * (x - old) ^ 2 <= f old + alpha / 2 * (old - old) ^ 2 ->
  alpha / 2 * (x - old) ^ 2 <= f old - f x.
Proof. intros f alpha old x H; replace (old - old) with 0 in H by ring; lra. Qed.

(* The U problem of one entry without its proximal term: w is the layer's prediction. *)
Definition entry (gamma rho v w : R) (s : R -> R) (u : R) : R :=
  gamma / 2 * (v - s u) ^ 2 + rho / 2 * (u - w) ^ 2.

(* What the solver minimises is that problem with its proximal term, up to a constant. *)
Lemma cost_is_entry_prox : forall gamma rho alpha v w old s u, rho + alpha <> 0 ->
  cost gamma (rho + alpha) v ((rho * w + alpha * old) / (rho + alpha)) s u
    = entry gamma rho v w s u + alpha / 2 * (u - old) ^ 2
      - rho * alpha / (2 * (rho + alpha)) * (w - old) ^ 2.
Proof. intros; unfold cost, entry; field; assumption. Qed.

(* A whole U block, n entries, for any activation: alpha/2 times the squared step. *)
Theorem activation_step_decrease : forall gamma rho alpha (v w old x : nat -> R) s n,
  rho + alpha <> 0 ->
  (forall i, (i < n)%nat ->
     minimiser (cost gamma (rho + alpha) (v i) ((rho * w i + alpha * old i) / (rho + alpha)) s)
       (x i)) ->
  alpha / 2 * total (fun i => (x i - old i) ^ 2) n
    <= total (fun i => entry gamma rho (v i) (w i) s (old i)) n
       - total (fun i => entry gamma rho (v i) (w i) s (x i)) n.
Proof.
  intros gamma rho alpha v w old x s n Hb Hx.
  assert (H : total (fun i => alpha / 2 * (x i - old i) ^ 2 + entry gamma rho (v i) (w i) s (x i)) n
              <= total (fun i => entry gamma rho (v i) (w i) s (old i)) n).
  { apply total_le; intros i Hi; specialize (Hx i Hi (old i)).
    rewrite !cost_is_entry_prox in Hx by exact Hb.
    pose proof (prox_decrease (entry gamma rho (v i) (w i) s) alpha (old i) (x i)); lra. }
  rewrite total_plus, total_scal in H; lra.
Qed.

(* One family, for every e > 0, with rational data: the exact decrease of ReLU's only minimiser. *)
Theorem relu_family : forall alpha e,
  0 < alpha -> 0 < e ->
  let x := 1 / 2 + 3 / 4 * e in
  let f := entry (6 * alpha) alpha (1 + e) (-1) relu in
  minimiser (fun u => f u + alpha / 2 * (u - -1) ^ 2) x /\
  (forall y, minimiser (fun u => f u + alpha / 2 * (u - -1) ^ 2) y -> y = x) /\
  f (-1) - f x = alpha * (4 / 3 * ((1 + e) / (1 + e / 2)) ^ 2 - 5 / 6) * (x - -1) ^ 2.
Proof.
  intros alpha e Ha He x f.
  assert (Hc : 2 * alpha / (6 * alpha) = 1 / 3) by (field; lra).
  assert (E : sqrt (1 / 3 * (1 / 3 + 1)) = 2 / 3).
  { replace (1 / 3 * (1 / 3 + 1)) with ((2 / 3) ^ 2) by field; apply sqrt_pow2; lra. }
  assert (Hlit : literature (2 * alpha / (6 * alpha)) (1 + e) (-1) x).
  { rewrite Hc; left; unfold switch, x; rewrite E; split; [right; lra|field]. }
  assert (C : forall u, f u + alpha / 2 * (u - -1) ^ 2
                        = cost (6 * alpha) (2 * alpha) (1 + e) (-1) relu u)
    by (intro u; unfold f, entry, cost; field).
  split; [|split].
  - intro u; rewrite !C; apply literature_is_global; [lra|lra|exact Hlit].
  - intros y Hy.
    destruct (literature_is_unique (6 * alpha) (2 * alpha) (1 + e) (-1) x y) as [H|[_ H]];
      [lra|lra|exact Hlit| |exact H|].
    + intro u; rewrite <- !C; apply Hy.
    + rewrite Hc in H; unfold switch in H; rewrite E in H; lra.
  - unfold f, entry; rewrite (relu_neg (-1)) by lra; rewrite (relu_pos x) by (unfold x; lra).
    unfold x; field; lra.
Qed.

(* alpha/2 cannot be raised: for every larger constant k, whatever alpha > 0, some ReLU step with
   one minimiser, which moves, lowers f by less than k times the squared step. *)
Theorem relu_constant_is_sharp : forall alpha k,
  0 < alpha -> alpha / 2 < k ->
  exists gamma rho v w x, 0 < gamma /\ 0 < rho /\ x <> w /\
    minimiser (fun u => entry gamma rho v w relu u + alpha / 2 * (u - w) ^ 2) x /\
    (forall y, minimiser (fun u => entry gamma rho v w relu u + alpha / 2 * (u - w) ^ 2) y ->
       y = x) /\
    entry gamma rho v w relu w - entry gamma rho v w relu x < k * (x - w) ^ 2.
Proof.
  intros alpha k Ha Hk.
  set (e := Rmin 1 ((k / alpha - 1 / 2) / 3)).
  assert (Hk' : 1 / 2 < k / alpha)
    by (apply Rmult_lt_reg_l with alpha; [lra|]; field_simplify; lra).
  assert (He : 0 < e <= 1 /\ 3 * e <= k / alpha - 1 / 2).
  { unfold e, Rmin; destruct (Rle_dec 1 _); lra. }
  destruct (relu_family alpha e Ha) as [H1 [H2 H3]]; [lra|].
  exists (6 * alpha), alpha, (1 + e), (-1), (1 / 2 + 3 / 4 * e).
  repeat split; try assumption; try lra.
  rewrite H3; apply Rmult_lt_compat_r; [nra|].
  apply Rmult_lt_reg_l with (/ alpha); [apply Rinv_0_lt_compat; lra|].
  replace (/ alpha * (alpha * (4 / 3 * ((1 + e) / (1 + e / 2)) ^ 2 - 5 / 6)))
    with (4 / 3 * ((1 + e) / (1 + e / 2)) ^ 2 - 5 / 6) by (field; lra).
  replace (/ alpha * k) with (k / alpha) by (field; lra).
  assert (((1 + e) / (1 + e / 2)) ^ 2 <= 1 + 2 * e); [|lra].
  apply Rmult_le_reg_l with ((1 + e / 2) ^ 2); [nra|].
  replace ((1 + e / 2) ^ 2 * ((1 + e) / (1 + e / 2)) ^ 2) with ((1 + e) ^ 2) by (field; lra).
  nra.
Qed.

(* Losses of one number. *)

(* A slope m (a - x) of l at x makes x the minimiser of l + m/2 (v - a)^2, and every other v is
   worse by at least m/2 times its squared distance. *)
Lemma slope_growth : forall (l : R -> R) m a x v,
  l x + m * (a - x) * (v - x) <= l v ->
  l x + m / 2 * (x - a) ^ 2 + m / 2 * (v - x) ^ 2 <= l v + m / 2 * (v - a) ^ 2.
Proof.
  intros l m a x v H.
  replace (m / 2 * (v - a) ^ 2)
    with (m / 2 * (x - a) ^ 2 + m / 2 * (v - x) ^ 2 - m * (a - x) * (v - x)) by field.
  lra.
Qed.

(* y is -1 or 1. *)
Definition hinge (y v : R) : R := Rmax 0 (1 - y * v).
Definition hinge_prox (a y m : R) : R := y * Rmax (y * a) (Rmin (y * a + 1 / m) 1).

(* The same in the margin. *)
Lemma hinge_slope : forall c m i t, 0 < m -> 0 < i -> m * i = 1 ->
  let z := Rmax c (Rmin (c + i) 1) in
  Rmax 0 (1 - z) + m * (c - z) * (t - z) <= Rmax 0 (1 - t).
Proof.
  intros c m i t Hm Hi0 Hi; simpl.
  pose proof (Rmax_l 0 (1 - t)) as H0; pose proof (Rmax_r 0 (1 - t)) as H1.
  set (h := Rmax 0 (1 - t)) in *; clearbody h.
  destruct (Rle_dec 1 c) as [Hc|Hc]; [|destruct (Rle_dec (c + i) 1) as [Hz|Hz]].
  - rewrite (Rmax_left c) by (apply Rle_trans with 1; [apply Rmin_r|exact Hc]).
    rewrite Rmax_left by lra; replace (c - c) with 0 by ring; lra.
  - rewrite (Rmin_left (c + i)), (Rmax_right c), Rmax_right by lra.
    replace (m * (c - (c + i))) with (- (m * i)) by ring; rewrite Hi; lra.
  - rewrite (Rmin_right (c + i)), (Rmax_right c), Rmax_left by lra.
    assert (0 <= m * (1 - c)) by (apply Rmult_le_pos; lra).
    assert (m * (1 - c) <= 1) by (rewrite <- Hi; apply Rmult_le_compat_l; lra).
    destruct (Rle_dec t 1); nra.
Qed.

(* hinge_prox is the minimiser of hinge + m/2 (v - a)^2, the only one: all others are worse by
   m/2 times the squared distance. *)
Theorem hinge_prox_is_global : forall a y m v,
  0 < m -> y = 1 \/ y = -1 ->
  hinge y (hinge_prox a y m) + m / 2 * (hinge_prox a y m - a) ^ 2
    + m / 2 * (v - hinge_prox a y m) ^ 2 <= hinge y v + m / 2 * (v - a) ^ 2.
Proof.
  intros a y m v Hm Hy; apply slope_growth.
  assert (Hi : m * (1 / m) = 1) by (field; lra).
  assert (Hi0 : 0 < 1 / m) by (apply Rdiv_lt_0_compat; lra).
  pose proof (hinge_slope (y * a) m (1 / m) (y * v) Hm Hi0 Hi) as H; simpl in H.
  unfold hinge, hinge_prox; set (z := Rmax (y * a) (Rmin (y * a + 1 / m) 1)) in *; clearbody z.
  destruct Hy as [-> | ->].
  - rewrite !Rmult_1_l in *; exact H.
  - replace (-1 * (-1 * z)) with z by ring.
    replace (m * (a - -1 * z) * (v - -1 * z)) with (m * (-1 * a - z) * (-1 * v - z)) by ring.
    exact H.
Qed.

Definition huber (delta r : R) : R :=
  if Rle_dec (Rabs r) delta then r ^ 2 / 2 else delta * Rabs r - delta ^ 2 / 2.
Definition huber_prox (a y m delta : R) : R :=
  Rmax (Rmin ((y + m * a) / (1 + m)) (a + delta / m)) (a - delta / m).

(* Every slope g between -delta and delta supports Huber's function: at g. *)
Lemma huber_above : forall delta g s, - delta <= g <= delta -> g * s - g ^ 2 / 2 <= huber delta s.
Proof.
  intros delta g s Hg; pose proof (pow2_ge_0 (s - g)).
  unfold huber, Rabs; destruct (Rcase_abs s), (Rle_dec _ _); try lra; nra.
Qed.

Lemma huber_left : forall delta r, 0 <= delta -> r <= - delta ->
  huber delta r = - delta * r - delta ^ 2 / 2.
Proof.
  intros delta r Hd Hr; unfold huber, Rabs; destruct (Rcase_abs r), (Rle_dec _ _); try nra.
Qed.

Lemma huber_right : forall delta r, 0 <= delta -> delta <= r ->
  huber delta r = delta * r - delta ^ 2 / 2.
Proof.
  intros delta r Hd Hr; unfold huber, Rabs; destruct (Rcase_abs r), (Rle_dec _ _); try nra.
Qed.

Lemma huber_middle : forall delta r, - delta <= r <= delta -> huber delta r = r ^ 2 / 2.
Proof.
  intros delta r Hr; unfold huber, Rabs.
  destruct (Rcase_abs r), (Rle_dec _ _); try reflexivity; lra.
Qed.

(* huber_prox is the minimiser of huber(v - y) + m/2 (v - a)^2, the only one, in the same sense. *)
Theorem huber_prox_is_global : forall a y m delta v,
  0 < m -> 0 <= delta ->
  huber delta (huber_prox a y m delta - y) + m / 2 * (huber_prox a y m delta - a) ^ 2
    + m / 2 * (v - huber_prox a y m delta) ^ 2 <= huber delta (v - y) + m / 2 * (v - a) ^ 2.
Proof.
  intros a y m delta v Hm Hd.
  apply (slope_growth (fun v => huber delta (v - y))).
  assert (Hi : m * (delta / m) = delta) by (field; lra).
  assert (Hp : (1 + m) * ((y + m * a) / (1 + m)) = y + m * a) by (field; lra).
  unfold huber_prox; set (p := (y + m * a) / (1 + m)) in *; set (i := delta / m) in *.
  clearbody p i.
  assert (Hi0 : 0 <= i) by nra.
  assert (Hpy : p - y = m * (a - p)) by lra.
  destruct (Rle_dec p (a + i)) as [H1|H1]; [destruct (Rle_dec p (a - i)) as [H2|H2]|].
  - rewrite Rmin_left, Rmax_right by lra.
    assert (H : - delta <= delta <= delta) by lra; apply (huber_above _ _ (v - y)) in H.
    assert (m * i <= m * (a - p)) by (apply Rmult_le_compat_l; lra).
    rewrite huber_right by lra.
    replace (m * (a - (a - i))) with delta by lra; lra.
  - rewrite Rmin_left, Rmax_left by lra.
    assert (m * (a - p) <= m * i) by (apply Rmult_le_compat_l; lra).
    assert (m * (- i) <= m * (a - p)) by (apply Rmult_le_compat_l; lra).
    assert (Hg : - delta <= p - y <= delta) by lra.
    pose proof (huber_above delta (p - y) (v - y) Hg).
    rewrite huber_middle by exact Hg; rewrite <- Hpy; lra.
  - rewrite Rmin_right, Rmax_left by lra.
    assert (H : - delta <= - delta <= delta) by lra; apply (huber_above _ _ (v - y)) in H.
    assert (m * (a - p) <= m * (- i)) by (apply Rmult_le_compat_l; lra).
    rewrite huber_left by lra.
    replace (m * (a - (a + i))) with (- delta) by lra; lra.
Qed.

(* The V_N step of one entry: u is the last layer's value, old the old one.  If all others are
   worse by (gamma + alpha)/2 times the squared distance, as hinge_prox_is_global and
   huber_prox_is_global say, l + gamma/2 (v - u)^2 falls by at least (alpha + gamma/2) times the
   squared step. *)
Theorem loss_step_decrease : forall (l : R -> R) gamma alpha u old x,
  gamma + alpha <> 0 ->
  let m := gamma + alpha in
  let a := (gamma * u + alpha * old) / m in
  (forall v, l x + m / 2 * (x - a) ^ 2 + m / 2 * (v - x) ^ 2 <= l v + m / 2 * (v - a) ^ 2) ->
  (alpha + gamma / 2) * (x - old) ^ 2
    <= (l old + gamma / 2 * (old - u) ^ 2) - (l x + gamma / 2 * (x - u) ^ 2).
Proof.
  intros l gamma alpha u old x Hm m a H; specialize (H old).
  assert (E : m / 2 * (old - a) ^ 2 - m / 2 * (x - a) ^ 2 - m / 2 * (old - x) ^ 2
              = gamma / 2 * (old - u) ^ 2 - gamma / 2 * (x - u) ^ 2
                - (alpha + gamma / 2) * (x - old) ^ 2) by (unfold a, m; field; exact Hm).
  lra.
Qed.

Lemma loss_step_decrease_used :
  (1 / 2 + 2 / 2) * (hinge_prox ((2 * 0 + 1 / 2 * 0) / (2 + 1 / 2)) 1 (2 + 1 / 2) - 0) ^ 2
    <= (hinge 1 0 + 2 / 2 * (0 - 0) ^ 2)
       - (hinge 1 (hinge_prox ((2 * 0 + 1 / 2 * 0) / (2 + 1 / 2)) 1 (2 + 1 / 2))
          + 2 / 2 * (hinge_prox ((2 * 0 + 1 / 2 * 0) / (2 + 1 / 2)) 1 (2 + 1 / 2) - 0) ^ 2).
Proof.
  apply (loss_step_decrease (hinge 1) 2 (1 / 2) 0 0); [lra|].
  intro v; apply hinge_prox_is_global; [lra|left; reflexivity].
Qed.

(* ReLU at its tie: from -1 to 1/2, where alpha/2 times the squared step is attained. *)
Lemma activation_step_decrease_used :
  1 / 2 * total (fun _ => (1 / 2 - -1) ^ 2) 1
    <= total (fun _ => entry 6 1 1 (-1) relu (-1)) 1
       - total (fun _ => entry 6 1 1 (-1) relu (1 / 2)) 1.
Proof.
  apply (activation_step_decrease 6 1 1 (fun _ => 1) (fun _ => -1) (fun _ => -1)
           (fun _ => 1 / 2)); [lra|].
  intros i _; replace (1 + 1) with 2 by ring.
  replace ((1 * -1 + 1 * -1) / 2) with (-1) by field; apply literature_tie_used.
Qed.
