(* The O(1/K) rate from two inequalities a sweep: sufficient decrease and relative error.

   L k is the objective after k sweeps, d k the length of the step of sweep k+1, g k the size
   of a subgradient after that sweep.  Hypotheses: lam d_k^2 <= L_k - L_{k+1}, g_k <= b d_k.
   Serves the claims "descent", "relative error" and "rate"; rate_rounded is the inequality
   that the auditor evaluates, with what floating point adds entering as r and t. *)

From Coq Require Import Reals Lra Lia Psatz.
From NNBCD Require Import sums.
Open Scope R_scope.

Lemma steps_bounded : forall (L d : nat -> R) lam K,
  0 < lam ->
  (forall k, (k < K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  total (fun k => d k ^ 2) K <= (L O - L K) / lam.
Proof.
  intros L d lam K Hlam H.
  apply Rmult_le_reg_l with lam; [exact Hlam|].
  replace (lam * ((L O - L K) / lam)) with (L O - L K) by (field; lra).
  rewrite <- total_telescope, <- total_scal; apply total_le; exact H.
Qed.

Theorem rate_sum : forall (L d g : nat -> R) lam b K,
  0 < lam ->
  (forall k, (k < K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b * d k) ->
  total (fun k => g k ^ 2) K <= b ^ 2 * ((L O - L K) / lam).
Proof.
  intros L d g lam b K Hlam Hdec Hrel.
  apply Rle_trans with (b ^ 2 * total (fun k => d k ^ 2) K).
  - rewrite <- total_scal; apply total_le; intros k Hk.
    destruct (Hrel k Hk) as [H0 H1].
    pose proof (square_le _ _ H0 H1) as H2; replace (b ^ 2 * d k ^ 2) with ((b * d k) ^ 2) by ring.
    exact H2.
  - apply Rmult_le_compat_l; [apply pow2_ge_0|apply steps_bounded; assumption].
Qed.

(* b may change from sweep to sweep: the largest one counts. *)
Theorem rate_sum_varying : forall (L d g b : nat -> R) lam B K,
  0 < lam ->
  (forall k, (k < K)%nat -> 0 <= d k /\ b k <= B) ->
  (forall k, (k < K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b k * d k) ->
  total (fun k => g k ^ 2) K <= B ^ 2 * ((L O - L K) / lam).
Proof.
  intros L d g b lam B K Hlam HB Hdec Hrel.
  apply rate_sum with d; try assumption.
  intros k Hk; destruct (Hrel k Hk), (HB k Hk); split; [assumption|].
  apply Rle_trans with (b k * d k); [assumption|apply Rmult_le_compat_r; assumption].
Qed.

Theorem rate_best : forall (L d g : nat -> R) lam b Linf K,
  0 < lam -> (0 < K)%nat -> Linf <= L K ->
  (forall k, (k < K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b * d k) ->
  exists k, (k < K)%nat /\ g k ^ 2 <= b ^ 2 * ((L O - Linf) / lam) / INR K.
Proof.
  intros L d g lam b Linf K Hlam HK Hinf Hdec Hrel.
  destruct (some_at_most_mean (fun k => g k ^ 2) K HK) as [k [Hk Hmean]].
  exists k; split; [exact Hk|].
  assert (HN : 0 < INR K) by (apply lt_0_INR; exact HK).
  apply Rmult_le_reg_l with (INR K); [exact HN|].
  replace (INR K * (b ^ 2 * ((L O - Linf) / lam) / INR K))
    with (b ^ 2 * ((L O - Linf) / lam)) by (field; lra).
  apply Rle_trans with (b ^ 2 * ((L O - L K) / lam)).
  - apply Rle_trans with (total (fun j => g j ^ 2) K); [exact Hmean|].
    apply rate_sum with d; assumption.
  - apply Rmult_le_compat_l; [apply pow2_ge_0|].
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; exact Hlam|lra].
Qed.

Lemma weighted_square : forall b1 b2 x y,
  0 <= b1 -> 0 <= b2 ->
  (b1 * x + b2 * y) ^ 2 <= (b1 + b2) * (b1 * x ^ 2 + b2 * y ^ 2).
Proof.
  intros b1 b2 x y H1 H2.
  assert (E : (b1 + b2) * (b1 * x ^ 2 + b2 * y ^ 2) - (b1 * x + b2 * y) ^ 2
              = b1 * b2 * (x - y) ^ 2) by ring.
  pose proof (Rmult_le_pos _ _ (Rmult_le_pos _ _ H1 H2) (pow2_ge_0 (x - y))); lra.
Qed.

(* Exact projections without a proximal term: the subgradient after a sweep is bounded by that
   sweep's step and the next one's. *)
Theorem rate_two_step : forall (L d g : nat -> R) lam b1 b2 K,
  0 < lam -> 0 <= b1 -> 0 <= b2 ->
  (forall k, (k <= K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b1 * d k + b2 * d (S k)) ->
  total (fun k => g k ^ 2) K <= (b1 + b2) ^ 2 * ((L O - L (S K)) / lam).
Proof.
  intros L d g lam b1 b2 K Hlam H1 H2 Hdec Hrel.
  assert (HT : total (fun k => d k ^ 2) (S K) <= (L O - L (S K)) / lam)
    by (apply steps_bounded; [exact Hlam|intros; apply Hdec; lia]).
  pose proof (total_squares_nonneg d (S K)) as Hpos.
  set (T := total (fun k => d k ^ 2) (S K)) in *.
  assert (Ha : total (fun k => d k ^ 2) K <= T)
    by (unfold T; simpl; pose proof (pow2_ge_0 (d K)); lra).
  assert (Hb : total (fun k => d (S k) ^ 2) K <= T)
    by (unfold T; rewrite (total_shift (fun k => d k ^ 2)); pose proof (pow2_ge_0 (d O)); lra).
  apply Rle_trans with ((b1 + b2) ^ 2 * T).
  - apply Rle_trans with
      (total (fun k => (b1 + b2) * (b1 * d k ^ 2 + b2 * d (S k) ^ 2)) K).
    + apply total_le; intros k Hk; destruct (Hrel k Hk) as [Hg0 Hg1].
      apply Rle_trans with ((b1 * d k + b2 * d (S k)) ^ 2);
        [apply square_le; assumption|apply weighted_square; assumption].
    + rewrite total_scal, total_plus, !total_scal.
      replace ((b1 + b2) ^ 2 * T) with ((b1 + b2) * (b1 * T + b2 * T)) by ring.
      apply Rmult_le_compat_l; [lra|].
      apply Rplus_le_compat; apply Rmult_le_compat_l; assumption.
  - apply Rmult_le_compat_l; [apply pow2_ge_0|exact HT].
Qed.

(* What the auditor checks: each sweep's inequalities hold up to a residual r and a decrease
   measured up to t. *)
Theorem rate_rounded : forall (dist d r dec t b : nat -> R) lam B K,
  0 < lam -> 0 <= B ->
  (forall k, (k < K)%nat -> 0 <= d k /\ b k <= B) ->
  (forall k, (k < K)%nat -> 0 <= dist k <= b k * d k + r k) ->
  (forall k, (k < K)%nat -> lam * d k ^ 2 <= dec k + t k) ->
  sqrt (total (fun k => dist k ^ 2) K)
    <= B * sqrt ((total dec K + total t K) / lam) + sqrt (total (fun k => r k ^ 2) K).
Proof.
  intros dist d r dec t b lam B K Hlam HB Hb Hrel Hdec.
  apply Rle_trans with (sqrt (total (fun k => (B * d k + r k) ^ 2) K)).
  - apply sqrt_le_1_alt, total_le; intros k Hk.
    destruct (Hrel k Hk) as [H0 H1], (Hb k Hk) as [H2 H3].
    apply square_le; [exact H0|].
    pose proof (Rmult_le_compat_r _ _ _ H2 H3); lra.
  - apply Rle_trans with (sqrt (total (fun k => (B * d k) ^ 2) K)
                          + sqrt (total (fun k => r k ^ 2) K)); [apply minkowski|].
    apply Rplus_le_compat_r.
    replace (total (fun k => (B * d k) ^ 2) K) with (B ^ 2 * total (fun k => d k ^ 2) K)
      by (rewrite <- total_scal; apply total_ext; intros; ring).
    rewrite sqrt_mult_alt by apply pow2_ge_0.
    rewrite sqrt_pow2 by exact HB.
    apply Rmult_le_compat_l; [exact HB|apply sqrt_le_1_alt].
    apply Rmult_le_reg_l with lam; [exact Hlam|].
    replace (lam * ((total dec K + total t K) / lam)) with (total dec K + total t K)
      by (field; lra).
    rewrite <- total_scal, <- total_plus; apply total_le; exact Hdec.
Qed.
