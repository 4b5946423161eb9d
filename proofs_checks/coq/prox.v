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
