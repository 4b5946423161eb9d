(* The best sweep is better than O(1/K): it is o(1/K).

   If the squares g_k^2 have a finite sum, then K min_{k<K} g_k^2 tends to 0, and so does g_k.
   Serves the claim "rate".  Not claimed: any speed at which K min tends to 0 (there is none in
   general), and nothing about a finite trace, which cannot show a limit. *)

From Coq Require Import Reals Lra Lia Psatz PeanoNat.
From NNBCD Require Import sums rate.
Open Scope R_scope.

(* The least of f 0, ..., f n. *)
Fixpoint least (f : nat -> R) (n : nat) : R :=
  match n with
  | O => f O
  | S m => Rmin (least f m) (f (S m))
  end.

Lemma least_le : forall f n k, (k <= n)%nat -> least f n <= f k.
Proof.
  intros f n k Hk; induction n as [|n IH]; simpl.
  - replace k with O by lia; lra.
  - destruct (Nat.eq_dec k (S n)) as [E|E]; [subst k; apply Rmin_r|].
    apply Rle_trans with (least f n); [apply Rmin_l|apply IH; lia].
Qed.

Lemma least_attained : forall f n, exists k, (k <= n)%nat /\ f k = least f n.
Proof.
  intros f n; induction n as [|n [k [Hk E]]]; simpl; [exists O; split; [lia|reflexivity]|].
  destruct (Rle_dec (least f n) (f (S n))) as [H|H].
  - exists k; split; [lia|rewrite Rmin_left; [exact E|exact H]].
  - exists (S n); split; [lia|rewrite Rmin_right; [reflexivity|lra]].
Qed.

Lemma total_split : forall f m n, total f (m + n) = total f m + total (fun k => f (m + k)%nat) n.
Proof.
  intros f m n; induction n as [|n IH]; [rewrite Nat.add_0_r; simpl; ring|].
  replace (m + S n)%nat with (S (m + n)) by lia; simpl; rewrite IH; ring.
Qed.

Lemma least_below_tail : forall f m n,
  INR n * least f (m + n) <= total f (m + n) - total f m.
Proof.
  intros f m n; rewrite total_split.
  replace (total f m + total (fun k => f (m + k)%nat) n - total f m)
    with (total (fun k => f (m + k)%nat) n) by ring.
  replace (INR n * least f (m + n)) with (total (fun _ => least f (m + n)) n).
  - apply total_le; intros k Hk; apply least_le; lia.
  - clear; generalize (least f (m + n)) as c; intros c.
    induction n as [|n IH]; [simpl; ring|]; rewrite S_INR; simpl; rewrite IH; ring.
Qed.

Lemma sums_converge : forall f C,
  (forall k, 0 <= f k) -> (forall n, total f n <= C) -> exists l, Un_cv (total f) l.
Proof.
  intros f C Hf HC.
  destruct (growing_cv (total f)) as [l Hl].
  - intros n; simpl; pose proof (Hf n); lra.
  - exists C; intros y [n E]; subst y; apply HC.
  - exists l; exact Hl.
Qed.

(* Terms of a finite sum tend to 0, ... *)
Theorem summable_tends_to_zero : forall f C,
  (forall k, 0 <= f k) -> (forall n, total f n <= C) -> Un_cv f 0.
Proof.
  intros f C Hf HC; destruct (sums_converge f C Hf HC) as [l Hl]; intros eps Heps.
  destruct (Hl (eps / 2)) as [N HN]; [lra|].
  exists N; intros n Hn; unfold R_dist in *; rewrite Rminus_0_r.
  pose proof (Rabs_def2 _ _ (HN n Hn)) as H1.
  pose proof (Rabs_def2 _ _ (HN (S n) ltac:(lia))) as H2.
  simpl in H2; pose proof (Hf n); apply Rabs_def1; lra.
Qed.

(* ... and n times the least of the first n + 1 terms tends to 0 as well: half of those terms
   lie in a tail of the sum. *)
Theorem least_is_o_of_one_over_n : forall f C,
  (forall k, 0 <= f k) -> (forall n, total f n <= C) ->
  Un_cv (fun n => INR (S n) * least f n) 0.
Proof.
  intros f C Hf HC; destruct (sums_converge f C Hf HC) as [l Hl]; intros eps Heps.
  destruct (Hl (eps / 8)) as [N HN]; [lra|].
  exists (2 * N + 2)%nat; intros n Hn; unfold R_dist in *; rewrite Rminus_0_r.
  assert (Hleast : 0 <= least f n)
    by (destruct (least_attained f n) as [k [_ E]]; rewrite <- E; apply Hf).
  set (m := Nat.div2 n).
  assert (Hm : (N <= m /\ m <= n /\ S n <= 4 * (n - m))%nat).
  { unfold m; pose proof (Nat.div2_odd n) as E.
    destruct (Nat.odd n); simpl Nat.b2n in E; lia. }
  pose proof (least_below_tail f m (n - m)) as Htail.
  replace (m + (n - m))%nat with n in Htail by lia.
  pose proof (Rabs_def2 _ _ (HN n ltac:(lia))) as H1.
  pose proof (Rabs_def2 _ _ (HN m ltac:(lia))) as H2.
  assert (Hcount : INR (S n) <= 4 * INR (n - m)).
  { replace 4 with (INR 4) by (simpl; ring); rewrite <- mult_INR; apply le_INR; lia. }
  pose proof (Rmult_le_compat_r _ _ _ Hleast Hcount) as H3.
  assert (H0 : 0 <= INR (S n) * least f n) by (apply Rmult_le_pos; [apply pos_INR|exact Hleast]).
  rewrite Rabs_pos_eq by exact H0; lra.
Qed.

(* For a descent method, with L bounded below: K min_{k<K} g_k^2 -> 0, and g_k -> 0.  (The K-th
   term below is (K+1) times the least square of the first K+1 sweeps.) *)
Theorem rate_best_is_o : forall (L d g : nat -> R) lam b Linf,
  0 < lam ->
  (forall k, Linf <= L k) ->
  (forall k, lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, 0 <= g k <= b * d k) ->
  Un_cv (fun K => INR (S K) * least (fun k => g k ^ 2) K) 0 /\ Un_cv g 0.
Proof.
  intros L d g lam b Linf Hlam Hinf Hdec Hrel.
  assert (Hsq : forall k, 0 <= g k ^ 2) by (intros; apply pow2_ge_0).
  assert (HC : forall n, total (fun k => g k ^ 2) n <= b ^ 2 * ((L O - Linf) / lam)).
  { intros n; apply Rle_trans with (b ^ 2 * ((L O - L n) / lam)).
    - apply rate_sum with d; intros; [exact Hlam|apply Hdec|apply Hrel].
    - apply Rmult_le_compat_l; [apply pow2_ge_0|].
      apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; exact Hlam|].
      pose proof (Hinf n); lra. }
  split.
  - exact (least_is_o_of_one_over_n (fun k => g k ^ 2) _ Hsq HC).
  - intros eps Heps.
    destruct (summable_tends_to_zero (fun k => g k ^ 2) _ Hsq HC (eps ^ 2)) as [N HN];
      [apply pow_lt; exact Heps|].
    exists N; intros n Hn; specialize (HN n Hn); unfold R_dist in *.
    rewrite Rminus_0_r in *; rewrite Rabs_pos_eq in HN by apply Hsq.
    destruct (Hrel n) as [Hg _]; rewrite Rabs_pos_eq by exact Hg.
    apply Rnot_le_lt; intros H; pose proof (square_le eps (g n) ltac:(lra) H); lra.
Qed.

(* The same for the two-step form, whose sum of squares is finite by rate_two_step. *)
Theorem rate_two_step_best_is_o : forall (L d g : nat -> R) lam b1 b2 Linf,
  0 < lam -> 0 <= b1 -> 0 <= b2 ->
  (forall k, Linf <= L k) ->
  (forall k, lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, 0 <= g k <= b1 * d k + b2 * d (S k)) ->
  Un_cv (fun K => INR (S K) * least (fun k => g k ^ 2) K) 0.
Proof.
  intros L d g lam b1 b2 Linf Hlam H1 H2 Hinf Hdec Hrel.
  apply (least_is_o_of_one_over_n (fun k => g k ^ 2) ((b1 + b2) ^ 2 * ((L O - Linf) / lam)));
    [intros; apply pow2_ge_0|].
  intros n; apply Rle_trans with ((b1 + b2) ^ 2 * ((L O - L (S n)) / lam)).
  - apply rate_two_step with d; intros; try assumption; [apply Hdec|apply Hrel].
  - apply Rmult_le_compat_l; [apply pow2_ge_0|].
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; exact Hlam|].
    pose proof (Hinf (S n)); lra.
Qed.

(* The hypotheses can be met: halving, x_k = 2^-k for x^2. *)
Lemma rate_best_is_o_used :
  Un_cv (fun K => INR (S K) * least (fun k => (/ 2 ^ k) ^ 2) K) 0.
Proof.
  apply (rate_best_is_o (fun k => (/ 2 ^ k) ^ 2) (fun k => 1 / 2 * / 2 ^ k)
           (fun k => / 2 ^ k) 1 2 0).
  - lra.
  - intros; apply pow2_ge_0.
  - intros k; change (2 ^ S k) with (2 * 2 ^ k); rewrite Rinv_mult.
    pose proof (pow2_ge_0 (/ 2 ^ k)); lra.
  - intros k; assert (0 < / 2 ^ k) by (apply Rinv_0_lt_compat, pow_lt; lra); lra.
Qed.

Lemma rate_two_step_best_is_o_used :
  Un_cv (fun K => INR (S K) * least (fun k => (/ 2 ^ k) ^ 2) K) 0.
Proof.
  apply (rate_two_step_best_is_o (fun k => (/ 2 ^ k) ^ 2) (fun k => 1 / 2 * / 2 ^ k)
           (fun k => / 2 ^ k) 1 1 2 0);
    try lra.
  - intros; apply pow2_ge_0.
  - intros k; change (2 ^ S k) with (2 * 2 ^ k); rewrite Rinv_mult.
    pose proof (pow2_ge_0 (/ 2 ^ k)); lra.
  - intros k; change (2 ^ S k) with (2 * 2 ^ k); rewrite Rinv_mult.
    assert (0 < / 2 ^ k) by (apply Rinv_0_lt_compat, pow_lt; lra); lra.
Qed.
