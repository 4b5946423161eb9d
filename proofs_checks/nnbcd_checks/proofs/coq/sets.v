(* The Z step: exact projections onto sparsity sets of any size, and what a step to the nearest
   point of any set guarantees.

   Claims served: "prune", "nm", "rows", "columns", "blocks", "shared_prune": that keeping the
   largest is an exact projection; and the decrease alpha_z/2 of the Z step of every set, the
   low-rank ones included.  Not claimed: that a truncated SVD is a nearest point, nor anything on
   tensor trains. *)

From Coq Require Import Reals ZArith Lra Lia Psatz.
From NNBCD Require Import sums quadratic.
Open Scope R_scope.

(* Which of n groups are kept, and how many. *)
Definition one (kept : bool) : R := if kept then 1 else 0.
Definition count (chi : nat -> bool) (n : nat) : R := total (fun i => one (chi i)) n.

(* chi keeps groups with the largest scores q: of any kept and any dropped one, the kept one's is
   no less. *)
Definition largest (q : nat -> R) (chi : nat -> bool) (n : nat) : Prop :=
  forall i j, (i < n)%nat -> (j < n)%nat -> chi i = true -> chi j = false -> q j <= q i.

(* What is dropped. *)
Definition dropped (q : nat -> R) (chi : nat -> bool) (n : nat) : R :=
  total (fun i => (1 - one (chi i)) * q i) n.

(* Some number lies between the dropped and the kept scores. *)
Lemma threshold : forall q chi n,
  (forall i, (i < n)%nat -> 0 <= q i) -> largest q chi n ->
  exists h, 0 <= h /\ (forall i, (i < n)%nat -> chi i = false -> q i <= h) /\
                      (forall i, (i < n)%nat -> chi i = true -> h <= q i).
Proof.
  intros q chi n Hq Hl.
  assert (H : forall k, (k <= n)%nat -> exists h, 0 <= h /\
            (forall i, (i < k)%nat -> chi i = false -> q i <= h) /\
            (h = 0 \/ exists j, (j < k)%nat /\ chi j = false /\ h = q j)).
  { induction k as [|k IH]; intro Hk.
    - exists 0; split; [lra|split; [intros; lia|left; reflexivity]].
    - destruct IH as [h [H0 [H1 H2]]]; [lia|].
      destruct (chi k) eqn:Ek; [|destruct (Rle_dec (q k) h) as [Hh|Hh]].
      + exists h; split; [exact H0|split].
        * intros i Hi Ei; apply H1; [|exact Ei].
          assert (i <> k) by (intros ->; congruence); lia.
        * destruct H2 as [H2|[j [Hj H2]]]; [left; exact H2|right; exists j; split; [lia|exact H2]].
      + exists h; split; [exact H0|split].
        * intros i Hi Ei; destruct (Nat.eq_dec i k) as [->|]; [exact Hh|apply H1; [lia|exact Ei]].
        * destruct H2 as [H2|[j [Hj H2]]]; [left; exact H2|right; exists j; split; [lia|exact H2]].
      + exists (q k); split; [apply Hq; lia|split].
        * intros i Hi Ei; destruct (Nat.eq_dec i k) as [->|]; [lra|].
          specialize (H1 i ltac:(lia) Ei); lra.
        * right; exists k; split; [lia|split; [exact Ek|reflexivity]]. }
  destruct (H n (le_n n)) as [h [H0 [H1 H2]]]; exists h; split; [exact H0|split; [exact H1|]].
  intros i Hi Ei; destruct H2 as [->|[j [Hj [Ej ->]]]]; [apply Hq; exact Hi|].
  apply Hl; assumption.
Qed.

(* No choice of as many groups, or fewer, drops less than one that keeps the largest.  If that one
   drops only zeros the other choice may keep more. *)
Theorem largest_drop_least : forall q chi chi' n,
  (forall i, (i < n)%nat -> 0 <= q i) -> largest q chi n ->
  count chi' n <= count chi n \/ (forall i, (i < n)%nat -> chi i = false -> q i = 0) ->
  dropped q chi n <= dropped q chi' n.
Proof.
  intros q chi chi' n Hq Hl [Hc|Hz].
  - destruct (threshold q chi n Hq Hl) as [h [H0 [H1 H2]]].
    assert (H : total (fun i => (1 - one (chi i)) * q i + h * one (chi i)) n
                <= total (fun i => (1 - one (chi' i)) * q i + h * one (chi' i)) n).
    { apply total_le; intros i Hi; specialize (H1 i Hi); specialize (H2 i Hi).
      destruct (chi i), (chi' i); simpl;
        first [specialize (H1 eq_refl)|specialize (H2 eq_refl)]; lra. }
    rewrite !total_plus, !total_scal in H.
    pose proof (Rmult_le_compat_l h _ _ H0 Hc); unfold dropped, count in *; lra.
  - apply total_le; intros i Hi; specialize (Hq i Hi); specialize (Hz i Hi).
    destruct (chi i), (chi' i); simpl; try rewrite Hz by reflexivity; lra.
Qed.

(* Such a choice exists for every number of groups up to n. *)
Theorem largest_exist : forall q n s, (s <= n)%nat ->
  exists chi, largest q chi n /\ count chi n = INR s.
Proof.
  intros q n s; induction s as [|s IH]; intro Hs.
  - exists (fun _ => false); split; [intros i j _ _ H; discriminate|].
    unfold count; simpl; induction n as [|n IHn]; simpl; [reflexivity|].
    rewrite IHn by lia; ring.
  - destruct IH as [chi [Hl Hc]]; [lia|].
    (* some dropped group with the largest score among the dropped *)
    assert (Hmax : forall k, (k <= n)%nat ->
              (forall i, (i < k)%nat -> chi i = true) \/
              exists j, (j < k)%nat /\ chi j = false /\
                forall i, (i < k)%nat -> chi i = false -> q i <= q j).
    { induction k as [|k IHk]; intro Hk; [left; intros; lia|].
      destruct (IHk ltac:(lia)) as [Hall|[j [Hj [Ej Hbest]]]]; destruct (chi k) eqn:Ek.
      - left; intros i Hi; destruct (Nat.eq_dec i k) as [->|]; [exact Ek|apply Hall; lia].
      - right; exists k; split; [lia|split; [exact Ek|]]; intros i Hi Ei.
        destruct (Nat.eq_dec i k) as [->|]; [lra|]; rewrite Hall in Ei by lia; discriminate.
      - right; exists j; split; [lia|split; [exact Ej|]]; intros i Hi Ei.
        apply Hbest; [|exact Ei]; assert (i <> k) by (intros ->; congruence); lia.
      - destruct (Rle_dec (q j) (q k)).
        + right; exists k; split; [lia|split; [exact Ek|]]; intros i Hi Ei.
          destruct (Nat.eq_dec i k) as [->|]; [lra|]; specialize (Hbest i ltac:(lia) Ei); lra.
        + right; exists j; split; [lia|split; [exact Ej|]]; intros i Hi Ei.
          destruct (Nat.eq_dec i k) as [->|]; [lra|apply Hbest; [lia|exact Ei]]. }
    destruct (Hmax n (le_n n)) as [Hall|[j [Hj [Ej Hbest]]]].
    + exfalso.
      assert (E : count chi n = INR n).
      { unfold count; clear - Hall; induction n as [|n IHn]; [reflexivity|].
        cbn [total]; rewrite IHn by (intros; apply Hall; lia); rewrite Hall by lia.
        rewrite S_INR; reflexivity. }
      rewrite Hc in E; apply INR_eq in E; lia.
    + exists (fun i => if Nat.eq_dec i j then true else chi i); split.
      * intros a b Ha Hb Ea Eb; destruct (Nat.eq_dec b j); [discriminate|].
        destruct (Nat.eq_dec a j) as [->|]; [apply Hbest; assumption|apply Hl; assumption].
      * rewrite S_INR, <- Hc; clear - Hj Ej; unfold count.
        induction n as [|n IHn]; [lia|]; cbn [total].
        destruct (Nat.eq_dec n j) as [->|Hn]; [|rewrite IHn by lia; ring].
        rewrite Ej; simpl.
        rewrite (total_ext (fun i => one (if Nat.eq_dec i j then true else chi i))
                   (fun i => one (chi i))); [ring|].
        intros i Hi; destruct (Nat.eq_dec i j); [lia|reflexivity].
Qed.

(* n groups, each a point of E: entries (E the line), rows, columns or blocks.  Their weights are 1
   but for shared pruning, where layers have their own. *)
Definition keep {E : space} (chi : nat -> bool) (M : nat -> E) (i : nat) : E :=
  if chi i then M i else zero.

Definition far {E : space} (w : nat -> R) (Z M : nat -> E) (n : nat) : R :=
  total (fun i => w i * square (minus (Z i) (M i))) n.

Lemma square_minus_self : forall (E : space) (x : E), square (minus x x) = 0.
Proof. intros E x; rewrite square_minus; unfold square; ring. Qed.

Lemma square_minus_zero : forall (E : space) (x : E), square (minus zero x) = square x.
Proof.
  intros E x; rewrite square_minus, dot_zero; unfold square; rewrite dot_zero; ring.
Qed.

Lemma far_keep : forall (E : space) w chi (M : nat -> E) n,
  far w (keep chi M) M n = dropped (fun i => w i * square (M i)) chi n.
Proof.
  intros E w chi M n; apply total_ext; intros i _; unfold keep; destruct (chi i); simpl.
  - rewrite square_minus_self; ring.
  - rewrite square_minus_zero; ring.
Qed.

(* Keeping the groups of largest weighted squared norm and setting the rest to zero is an exact
   projection onto "at most that many nonzero groups": nothing in the set is nearer. *)
Theorem largest_groups_are_nearest : forall (E : space) w chi chi' (M Z : nat -> E) n,
  (forall i, (i < n)%nat -> 0 <= w i) ->
  largest (fun i => w i * square (M i)) chi n ->
  count chi' n <= count chi n ->
  (forall i, (i < n)%nat -> chi' i = false -> Z i = zero) ->
  far w (keep chi M) M n <= far w Z M n.
Proof.
  intros E w chi chi' M Z n Hw Hl Hc HZ; rewrite far_keep.
  apply Rle_trans with (dropped (fun i => w i * square (M i)) chi' n).
  - apply largest_drop_least; [|exact Hl|left; exact Hc].
    intros i Hi; apply Rmult_le_pos; [apply Hw; exact Hi|apply square_nonneg].
  - apply total_le; intros i Hi; specialize (Hw i Hi); destruct (chi' i) eqn:Ei; simpl.
    + pose proof (Rmult_le_pos _ _ Hw (square_nonneg (minus (Z i) (M i)))); lra.
    + rewrite (HZ i Hi Ei), square_minus_zero; lra.
Qed.

(* Entries: how many are not zero. *)
Definition nonzeros (z : nat -> R) (n : nat) : R :=
  count (fun i => if Req_EM_T (z i) 0 then false else true) n.

(* Top s: keep s entries of largest square (all where n <= s).  The result has at most s nonzeros
   and no vector that has is nearer. *)
Theorem top_s_is_nearest : forall chi (m : nat -> R) n s,
  largest (fun i => m i ^ 2) chi n ->
  count chi n = s \/ (count chi n <= s /\ forall i, (i < n)%nat -> chi i = false -> m i = 0) ->
  let z := fun i => if chi i then m i else 0 in
  nonzeros z n <= s /\
  forall z', nonzeros z' n <= s ->
    total (fun i => (z i - m i) ^ 2) n <= total (fun i => (z' i - m i) ^ 2) n.
Proof.
  intros chi m n s Hl Hs z; split.
  - apply Rle_trans with (count chi n); [|lra].
    apply total_le; intros i _; unfold z; destruct (chi i), (Req_EM_T _ _); simpl; lra.
  - intros z' Hz'; unfold nonzeros in Hz'.
    set (chi' := fun i => if Req_EM_T (z' i) 0 then false else true) in *.
    apply Rle_trans with (dropped (fun i => m i ^ 2) chi n);
      [|apply Rle_trans with (dropped (fun i => m i ^ 2) chi' n)].
    + apply total_le; intros i _; unfold z; destruct (chi i); simpl; nra.
    + apply largest_drop_least; [intros; apply pow2_ge_0|exact Hl|].
      destruct Hs as [Hs|[_ Hs]]; [left; lra|right; intros i Hi Ei; rewrite Hs by assumption; ring].
    + apply total_le; intros i _; unfold chi'; destruct (Req_EM_T (z' i) 0) as [E|E]; simpl.
      * rewrite E; right; ring.
      * pose proof (pow2_ge_0 (z' i - m i)); lra.
Qed.

(* N:M: the same within each group on its own. *)
Theorem n_of_m_is_nearest : forall (chi : nat -> nat -> bool) (w : nat -> nat -> R) groups m s,
  (forall g, (g < groups)%nat -> largest (fun i => w g i ^ 2) (chi g) m) ->
  (forall g, (g < groups)%nat -> count (chi g) m = s) ->
  let z := fun g i => if chi g i then w g i else 0 in
  (forall g, (g < groups)%nat -> nonzeros (z g) m <= s) /\
  forall z', (forall g, (g < groups)%nat -> nonzeros (z' g) m <= s) ->
    total (fun g => total (fun i => (z g i - w g i) ^ 2) m) groups
      <= total (fun g => total (fun i => (z' g i - w g i) ^ 2) m) groups.
Proof.
  intros chi w groups m s Hl Hs z.
  assert (H : forall g, (g < groups)%nat -> nonzeros (z g) m <= s /\
            forall z', nonzeros z' m <= s -> total (fun i => (z g i - w g i) ^ 2) m
                                             <= total (fun i => (z' i - w g i) ^ 2) m).
  { intros g Hg; apply (top_s_is_nearest (chi g) (w g) m s); [apply Hl; exact Hg|].
    left; apply Hs; exact Hg. }
  split; [intros g Hg; apply H; exact Hg|].
  intros z' Hz'; apply total_le; intros g Hg; apply H; [exact Hg|apply Hz'; exact Hg].
Qed.

(* The Z step. *)
Section Step.

Context {E : space}.
Implicit Types W Z X : E.

(* What is projected, and the nearest points of a set to it. *)
Definition target (tau alpha : R) (W Z0 : E) : E :=
  times (/ (tau + alpha)) (plus (times tau W) (times alpha Z0)).

Definition nearest (S : E -> Prop) (M Z : E) : Prop :=
  forall X, S X -> square (minus Z M) <= square (minus X M).

Lemma target_identity : forall tau alpha W Z0 X, tau + alpha <> 0 ->
  tau / 2 * square (minus W X) + alpha / 2 * square (minus X Z0)
    = (tau + alpha) / 2 * square (minus X (target tau alpha W Z0))
      + tau * alpha / (2 * (tau + alpha)) * square (minus W Z0).
Proof.
  intros tau alpha W Z0 X H; unfold square, minus, target.
  repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
  rewrite (dot_comm _ X W), (dot_comm _ Z0 W), (dot_comm _ Z0 X); field; exact H.
Qed.

(* The nearest points of the set to the target are the minimisers of what the Z step minimises. *)
Theorem nearest_is_step : forall tau alpha W Z0 (S : E -> Prop) Z,
  0 < tau + alpha ->
  (nearest S (target tau alpha W Z0) Z <->
   forall X, S X -> tau / 2 * square (minus W Z) + alpha / 2 * square (minus Z Z0)
                    <= tau / 2 * square (minus W X) + alpha / 2 * square (minus X Z0)).
Proof.
  intros tau alpha W Z0 S Z Hp; split; intros H X HX; specialize (H X HX).
  - rewrite !target_identity by lra.
    pose proof (Rmult_le_compat_l ((tau + alpha) / 2) _ _ ltac:(lra) H); lra.
  - rewrite !target_identity in H by lra.
    apply Rmult_le_reg_l with ((tau + alpha) / 2); lra.
Qed.

(* Whatever is no worse than the old Z0 in what the Z step minimises lowers tau/2 |W - Z|^2 by at
   least alpha_z/2 times the squared step: a chain of steps on it too, as for grids. *)
Theorem no_worse_decrease : forall tau alpha W Z0 Z,
  tau / 2 * square (minus W Z) + alpha / 2 * square (minus Z Z0)
    <= tau / 2 * square (minus W Z0) + alpha / 2 * square (minus Z0 Z0) ->
  alpha / 2 * square (minus Z Z0)
    <= tau / 2 * square (minus W Z0) - tau / 2 * square (minus W Z).
Proof. intros tau alpha W Z0 Z H; rewrite square_minus_self in H; lra. Qed.

(* For any set, convex or not, that holds the old Z0: a step to a nearest point of the target. *)
Theorem set_step_decrease : forall tau alpha W Z0 (S : E -> Prop) Z,
  0 < tau + alpha -> S Z0 -> nearest S (target tau alpha W Z0) Z ->
  alpha / 2 * square (minus Z Z0)
    <= tau / 2 * square (minus W Z0) - tau / 2 * square (minus W Z).
Proof.
  intros tau alpha W Z0 S Z Hp H0 HZ; apply no_worse_decrease.
  apply (proj1 (nearest_is_step tau alpha W Z0 S Z Hp) HZ Z0 H0).
Qed.

End Step.

(* A grid: codes from -q to q times a scale.  The nearest whole number, clipped, is the nearest
   code; of a tie either. *)
Definition clipped (q k : Z) : Z := Z.max (- q) (Z.min k q).

Lemma clipped_code : forall q k x (j : Z), (0 <= q)%Z -> (- q <= j <= q)%Z ->
  (forall i : Z, Rabs (x - IZR k) <= Rabs (x - IZR i)) ->
  Rabs (x - IZR (clipped q k)) <= Rabs (x - IZR j).
Proof.
  intros q k x j Hq Hj Hk.
  destruct (Z_lt_le_dec k (- q)) as [H1|H1]; [|destruct (Z_lt_le_dec q k) as [H2|H2]].
  - replace (clipped q k) with (- q)%Z by (unfold clipped; lia).
    specialize (Hk (- q)%Z).
    assert (IZR k < IZR (- q)) by (apply IZR_lt; exact H1).
    assert (IZR (- q) <= IZR j) by (apply IZR_le; lia).
    unfold Rabs in *; repeat (destruct (Rcase_abs _)); lra.
  - replace (clipped q k) with q by (unfold clipped; lia).
    specialize (Hk q).
    assert (IZR q < IZR k) by (apply IZR_lt; exact H2).
    assert (IZR j <= IZR q) by (apply IZR_le; lia).
    unfold Rabs in *; repeat (destruct (Rcase_abs _)); lra.
  - replace (clipped q k) with k by (unfold clipped; lia); apply Hk.
Qed.

(* The first half of the grid step: n codes at a fixed scale, k i nearest to m i / scale. *)
Theorem grid_codes_are_nearest : forall q (k : nat -> Z) scale (m : nat -> R) n,
  (0 <= q)%Z -> 0 < scale ->
  (forall i (j : Z), (i < n)%nat -> Rabs (m i / scale - IZR (k i)) <= Rabs (m i / scale - IZR j)) ->
  forall c : nat -> Z, (forall i, (i < n)%nat -> (- q <= c i <= q)%Z) ->
  total (fun i => (scale * IZR (clipped q (k i)) - m i) ^ 2) n
    <= total (fun i => (scale * IZR (c i) - m i) ^ 2) n.
Proof.
  intros q k scale m n Hq Hs Hk c Hc; apply total_le; intros i Hi.
  pose proof (clipped_code q (k i) (m i / scale) (c i) Hq (Hc i Hi) (fun j => Hk i j Hi)) as H.
  assert (Q : forall j, (scale * IZR j - m i) ^ 2 = scale ^ 2 * Rabs (m i / scale - IZR j) ^ 2)
    by (intro j; rewrite pow2_abs; field; lra).
  rewrite !Q; apply Rmult_le_compat_l; [apply pow2_ge_0|].
  apply square_le; [apply Rabs_pos|exact H].
Qed.

(* The second: the scale by least squares at fixed codes, nearest among all real scales. *)
Theorem grid_scale_is_nearest : forall (c m : nat -> R) n scale,
  scale * total (fun i => c i ^ 2) n = total (fun i => c i * m i) n ->
  forall other, total (fun i => (scale * c i - m i) ^ 2) n
                <= total (fun i => (other * c i - m i) ^ 2) n.
Proof.
  intros c m n scale H other.
  assert (Q : forall r, total (fun i => (r * c i - m i) ^ 2) n
              = r ^ 2 * total (fun i => c i ^ 2) n - 2 * r * total (fun i => c i * m i) n
                + total (fun i => m i ^ 2) n).
  { intro r.
    transitivity (total (fun i => r ^ 2 * c i ^ 2 + (- (2 * r) * (c i * m i) + m i ^ 2)) n);
      [apply total_ext; intros; ring|].
    rewrite total_plus, total_plus, !total_scal; ring. }
  rewrite !Q, <- H.
  pose proof (Rmult_le_pos _ _ (pow2_ge_0 (other - scale)) (total_squares_nonneg c n)); lra.
Qed.

(* Two numbers, and the set of those pairs of which at most one is not zero. *)
Definition two (a b : R) : vectors 2 := fun i => match i with O => a | S _ => b end.
Definition sparse (z : vectors 2) : Prop := z 0%nat = 0 \/ z 1%nat = 0.

Lemma square_two : forall x y : vectors 2,
  square (minus x y) = (x 0%nat - y 0%nat) ^ 2 + (x 1%nat - y 1%nat) ^ 2.
Proof. intros x y; unfold square, minus; simpl; ring. Qed.

(* Without the proximal term no positive constant holds: W = (1,1), from (0,1) to (1,0). *)
Theorem set_step_needs_prox : forall tau k, 0 < tau -> 0 < k ->
  exists (W Z0 Z : vectors 2), sparse Z0 /\ sparse Z /\ nearest sparse (target tau 0 W Z0) Z /\
    tau / 2 * square (minus W Z0) - tau / 2 * square (minus W Z) < k * square (minus Z Z0).
Proof.
  intros tau k Ht Hk; exists (two 1 1), (two 0 1), (two 1 0).
  split; [left; reflexivity|split; [right; reflexivity|split]].
  - apply nearest_is_step; [lra|]; intros X HX; rewrite !square_two; simpl.
    apply Rmult_le_reg_l with (/ tau); [apply Rinv_0_lt_compat; exact Ht|].
    field_simplify; [|lra|lra].
    pose proof (pow2_ge_0 (X 0%nat - 1)); pose proof (pow2_ge_0 (X 1%nat - 1)).
    destruct HX as [-> | ->]; lra.
  - rewrite !square_two; simpl; lra.
Qed.

(* With it alpha_z/2 is attained, for every alpha_z > 0: the constant cannot be raised. *)
Theorem set_step_is_sharp : forall alpha, 0 < alpha ->
  exists (W Z0 Z : vectors 2), sparse Z0 /\ sparse Z /\
    nearest sparse (target alpha alpha W Z0) Z /\
    0 < square (minus Z Z0) /\
    alpha / 2 * square (minus W Z0) - alpha / 2 * square (minus W Z)
      = alpha / 2 * square (minus Z Z0).
Proof.
  intros alpha Ha; exists (two 2 1), (two 0 1), (two 1 0).
  split; [left; reflexivity|split; [right; reflexivity|split; [|split]]].
  - assert (E : forall i, (i < 2)%nat -> target alpha alpha (two 2 1) (two 0 1) i = 1).
    { intros [|[|i]] Hi; try lia; unfold target; simpl; field; lra. }
    intros X HX; rewrite !square_two, !E by lia; simpl.
    pose proof (pow2_ge_0 (X 0%nat - 1)); pose proof (pow2_ge_0 (X 1%nat - 1)).
    destruct HX as [HX | HX]; rewrite HX in *; lra.
  - rewrite square_two; simpl; lra.
  - rewrite !square_two; simpl; field.
Qed.

(* The hypotheses of the projection theorems can be met, with a tie: the first of (3, -3, 1). *)
Lemma top_s_is_nearest_used : forall z', nonzeros z' 3 <= 1 ->
  10 <= (z' 0%nat - 3) ^ 2 + (z' 1%nat - -3) ^ 2 + (z' 2%nat - 1) ^ 2.
Proof.
  intros z' Hz'.
  set (m := fun i => match i with 0%nat => 3 | 1%nat => -3 | _ => 1 end).
  set (chi := fun i => match i with 0%nat => true | _ => false end).
  destruct (top_s_is_nearest chi m 3 1) as [_ H].
  - intros [|[|[|i]]] [|[|[|j]]] Hi Hj Ei Ej; try discriminate; try lia; simpl; lra.
  - left; unfold count; simpl; ring.
  - specialize (H z' Hz'); simpl in H; lra.
Qed.

(* Rows: (3,4) and (1,1), one kept; any Z with one nonzero row is at least as far as 2. *)
Lemma largest_groups_are_nearest_used : forall (Z : nat -> vectors 2) j, (j < 2)%nat ->
  (forall i, i <> j -> Z i = zero) ->
  2 <= far (fun _ => 1) Z (fun i => match i with 0%nat => two 3 4 | _ => two 1 1 end) 2.
Proof.
  intros Z j Hj HZ.
  set (M := fun i : nat => match i with 0%nat => two 3 4 | _ => two 1 1 end).
  set (chi := fun i : nat => match i with 0%nat => true | _ => false end).
  apply Rle_trans with (far (fun _ => 1) (keep chi M) M 2).
  - unfold far, keep, M, chi; cbn [total]; rewrite !square_two; simpl; lra.
  - apply largest_groups_are_nearest with (fun i => if Nat.eq_dec i j then true else false).
    + intros; lra.
    + intros [|[|i]] [|[|k]] Hi Hk Ei Ek; try discriminate; try lia; unfold square; simpl; lra.
    + unfold count; destruct j as [|[|j]]; [| |lia]; simpl; lra.
    + intros i Hi Ei; apply HZ; destruct (Nat.eq_dec i j); [discriminate|assumption].
Qed.

(* 1:2, two groups. *)
Lemma n_of_m_is_nearest_used : forall z' : nat -> nat -> R,
  (forall g, (g < 2)%nat -> nonzeros (z' g) 2 <= 1) ->
  1 + 4 <= total (fun g => total (fun i => (z' g i - INR (S i) * (1 + INR g)) ^ 2) 2) 2.
Proof.
  intros z' Hz'.
  set (chi := fun g i : nat => match i with 0%nat => false | _ => true end).
  destruct (n_of_m_is_nearest chi (fun g i => INR (S i) * (1 + INR g)) 2 2 1) as [_ H].
  - intros [|[|g]] Hg [|[|i]] [|[|j]] Hi Hj Ei Ej; try discriminate; try lia; simpl; lra.
  - intros g _; unfold count; simpl; ring.
  - specialize (H z' Hz'); simpl in H; simpl; lra.
Qed.

(* Codes -1, 0, 1 at scale 1: (2, 1/3) goes to (1, 0), which is nearer than any other code pair. *)
Lemma grid_codes_are_nearest_used : forall a b : Z, (-1 <= a <= 1)%Z -> (-1 <= b <= 1)%Z ->
  1 + 1 / 9 <= (IZR a - 2) ^ 2 + (IZR b - 1 / 3) ^ 2.
Proof.
  intros a b Ha Hb.
  pose proof (grid_codes_are_nearest 1 (fun i => match i with 0%nat => 2%Z | _ => 0%Z end) 1
                (fun i => match i with 0%nat => 2 | _ => 1 / 3 end) 2 ltac:(lia) ltac:(lra)) as H.
  specialize (fun K => H K (fun i => match i with 0%nat => a | _ => b end)).
  simpl in H; unfold clipped in H; simpl in H.
  assert (H' : 0 + (1 * 1 - 2) * ((1 * 1 - 2) * 1) + (1 * 0 - 1 / 3) * ((1 * 0 - 1 / 3) * 1)
               <= 0 + (1 * IZR a - 2) * ((1 * IZR a - 2) * 1)
                  + (1 * IZR b - 1 / 3) * ((1 * IZR b - 1 / 3) * 1)); [apply H|lra].
  - intros [|[|i]] j Hi; try lia; simpl.
    + replace (2 / 1 - 2) with 0 by field; rewrite Rabs_R0; apply Rabs_pos.
    + destruct (Z_le_gt_dec j 0) as [Hj|Hj].
      * assert (IZR j <= 0) by (apply (IZR_le j 0); exact Hj).
        rewrite !Rabs_right by lra; lra.
      * assert (1 <= IZR j) by (apply (IZR_le 1 j); lia).
        rewrite Rabs_right, Rabs_left by lra; lra.
  - intros [|[|i]] Hi; lia.
Qed.
