(* From N blocks to one sweep: the Gauss-Seidel form of the rate theorems of rate.v.

   A sweep updates the blocks 0, ..., N-1 in turn.  v k i is the objective before block i of
   sweep k, v k N the objective after its last block; delta k i is the length of the step of
   block i.  g k p >= 0 is the length of the part p of a subgradient after sweep k (p < P;
   usually P = N).  The nonnegative table M k says by how much each step can disturb each part:
   g_{k,p} <= total_q M_{k,p,q} delta_{k,q} + r_{k,p}, with r what inexact solves leave.

   Serves the claims "descent", "relative error" and "rate" for whole sweeps.  Not claimed here:
   that a given network's blocks satisfy the hypotheses, or that the iterates converge. *)

From Coq Require Import Reals Lra Lia Psatz.
From NNBCD Require Import sums rate.
Open Scope R_scope.

(* The Euclidean length of (x 0, ..., x (n-1)), and a table times a vector. *)
Definition size (x : nat -> R) (n : nat) : R := sqrt (total (fun i => x i ^ 2) n).

Definition apply_to (M : nat -> nat -> R) (x : nat -> R) (n : nat) : nat -> R :=
  fun p => total (fun q => M p q * x q) n.

Lemma size_nonneg : forall x n, 0 <= size x n.
Proof. intros; apply sqrt_pos. Qed.

Lemma size_square : forall x n, size x n ^ 2 = total (fun i => x i ^ 2) n.
Proof. intros; apply square_sqrt, total_squares_nonneg. Qed.

Lemma size_plus : forall x y n, size (fun i => x i + y i) n <= size x n + size y n.
Proof. intros; apply minkowski. Qed.

Lemma size_le : forall x y n,
  (forall i, (i < n)%nat -> 0 <= x i <= y i) -> size x n <= size y n.
Proof.
  intros x y n H; apply sqrt_le_1_alt, total_le; intros i Hi.
  destruct (H i Hi); apply square_le; assumption.
Qed.

Lemma size_scal : forall c x n, 0 <= c -> size (fun i => c * x i) n = c * size x n.
Proof.
  intros c x n Hc; unfold size.
  replace (total (fun i => (c * x i) ^ 2) n) with (c ^ 2 * total (fun i => x i ^ 2) n)
    by (rewrite <- total_scal; apply total_ext; intros; ring).
  rewrite sqrt_mult_alt by apply pow2_ge_0.
  rewrite sqrt_pow2 by exact Hc; reflexivity.
Qed.

Lemma product_at_most_sizes : forall x y n,
  total (fun q => x q * y q) n ^ 2 <= total (fun q => x q ^ 2) n * total (fun q => y q ^ 2) n.
Proof.
  intros x y n.
  assert (H : forall z, total (fun q => z q * y q) n <= size z n * size y n)
    by (intros; apply cauchy_schwarz).
  pose proof (H x) as H1; pose proof (H (fun q => - x q)) as H2; cbv beta in H2.
  replace (total (fun q => - x q * y q) n) with (- total (fun q => x q * y q) n) in H2
    by (replace (- total (fun q => x q * y q) n) with (-1 * total (fun q => x q * y q) n)
          by ring; rewrite <- total_scal; apply total_ext; intros; ring).
  replace (size (fun q => - x q) n) with (size x n) in H2
    by (unfold size; f_equal; apply total_ext; intros; ring).
  rewrite <- !size_square.
  replace (size x n ^ 2 * size y n ^ 2) with ((size x n * size y n) ^ 2) by ring.
  set (s := size x n * size y n) in *; set (t := total (fun q => x q * y q) n) in *.
  assert (E : s ^ 2 - t ^ 2 = (s - t) * (s + t)) by ring.
  assert (0 <= (s - t) * (s + t)) by (apply Rmult_le_pos; lra); lra.
Qed.

(* Descent of a whole sweep: if block i lowers the objective by at least lamb_i delta_i^2, and
   every lamb_i is at least lam, the sweep lowers it by at least lam (delta_0^2 + ...).  A block
   that is only known not to raise the objective enters with delta_i = 0. *)
Theorem sweep_descends : forall (v delta lamb : nat -> R) lam N,
  (forall i, (i < N)%nat -> lam <= lamb i /\ lamb i * delta i ^ 2 <= v i - v (S i)) ->
  lam * size delta N ^ 2 <= v O - v N.
Proof.
  intros v delta lamb lam N H; rewrite size_square, <- total_telescope, <- total_scal.
  apply total_le; intros i Hi; destruct (H i Hi) as [H1 H2].
  pose proof (Rmult_le_compat_r _ _ _ (pow2_ge_0 (delta i)) H1); lra.
Qed.

(* The same where each block's decrease is known only up to t_i, so that it may even rise. *)
Theorem sweep_descends_rounded : forall (v delta lamb t : nat -> R) lam N,
  (forall i, (i < N)%nat -> lam <= lamb i /\ lamb i * delta i ^ 2 <= v i - v (S i) + t i) ->
  lam * size delta N ^ 2 <= v O - v N + total t N.
Proof.
  intros v delta lamb t lam N H.
  rewrite size_square, <- total_telescope, <- total_plus, <- total_scal.
  apply total_le; intros i Hi; destruct (H i Hi) as [H1 H2].
  pose proof (Rmult_le_compat_r _ _ _ (pow2_ge_0 (delta i)) H1); lra.
Qed.

(* B bounds the operator norm of the P x N table M on nonnegative vectors. *)
Definition bounds (B : R) (M : nat -> nat -> R) (P N : nat) : Prop :=
  forall x, (forall q, (q < N)%nat -> 0 <= x q) -> size (apply_to M x N) P <= B * size x N.

(* The Frobenius norm is such a bound (the entries may have any sign). *)
Theorem frobenius_bounds : forall (M : nat -> nat -> R) B P N,
  0 <= B ->
  total (fun p => total (fun q => M p q ^ 2) N) P <= B ^ 2 ->
  bounds B M P N.
Proof.
  intros M B P N HB HF x _; apply sqrt_of_square_le;
    [apply Rmult_le_pos; [exact HB|apply size_nonneg]|].
  replace ((B * size x N) ^ 2) with (B ^ 2 * size x N ^ 2) by ring; rewrite size_square.
  apply Rle_trans with
    (total (fun p => total (fun q => x q ^ 2) N * total (fun q => M p q ^ 2) N) P).
  - apply total_le; intros p Hp; unfold apply_to.
    pose proof (product_at_most_sizes (M p) x N); lra.
  - rewrite total_scal, Rmult_comm; apply Rmult_le_compat_r;
      [apply total_squares_nonneg|exact HF].
Qed.

Lemma weighted_product : forall (a z x : nat -> R) n,
  (forall q, (q < n)%nat -> 0 <= a q /\ 0 < z q) ->
  total (fun q => a q * x q) n ^ 2
    <= total (fun q => a q * z q) n * total (fun q => a q * (x q ^ 2 / z q)) n.
Proof.
  intros a z x n H.
  replace (total (fun q => a q * x q) n)
    with (total (fun q => sqrt (a q * z q) * sqrt (a q / z q) * x q) n).
  - replace (total (fun q => sqrt (a q * z q) * sqrt (a q / z q) * x q) n)
      with (total (fun q => sqrt (a q * z q) * (sqrt (a q / z q) * x q)) n)
      by (apply total_ext; intros; ring).
    replace (total (fun q => a q * z q) n) with (total (fun q => sqrt (a q * z q) ^ 2) n).
    + replace (total (fun q => a q * (x q ^ 2 / z q)) n)
        with (total (fun q => (sqrt (a q / z q) * x q) ^ 2) n);
        [apply product_at_most_sizes|].
      apply total_ext; intros q Hq; destruct (H q Hq) as [Ha Hz].
      rewrite Rpow_mult_distr, square_sqrt; [field; lra|].
      apply Rmult_le_pos; [exact Ha|left; apply Rinv_0_lt_compat; exact Hz].
    + apply total_ext; intros q Hq; destruct (H q Hq) as [Ha Hz].
      apply square_sqrt, Rmult_le_pos; lra.
  - apply total_ext; intros q Hq; destruct (H q Hq) as [Ha Hz].
    assert (Hi : 0 <= a q / z q)
      by (apply Rmult_le_pos; [exact Ha|left; apply Rinv_0_lt_compat; exact Hz]).
    rewrite <- sqrt_mult by (try exact Hi; apply Rmult_le_pos; lra).
    replace (a q * z q * (a q / z q)) with (a q ^ 2) by (field; lra).
    rewrite sqrt_pow2 by exact Ha; reflexivity.
Qed.

(* A smaller bound, checked from one positive vector z: M^T M z <= B^2 z, entry by entry.  (For
   the best z, the leading singular vector, B is the operator norm itself.) *)
Theorem schur_bounds : forall (M : nat -> nat -> R) (z : nat -> R) B P N,
  0 <= B ->
  (forall p q, (p < P)%nat -> (q < N)%nat -> 0 <= M p q) ->
  (forall q, (q < N)%nat -> 0 < z q) ->
  (forall q, (q < N)%nat -> total (fun p => M p q * apply_to M z N p) P <= B ^ 2 * z q) ->
  bounds B M P N.
Proof.
  intros M z B P N HB HM Hz H x _; apply sqrt_of_square_le;
    [apply Rmult_le_pos; [exact HB|apply size_nonneg]|].
  replace ((B * size x N) ^ 2) with (B ^ 2 * size x N ^ 2) by ring; rewrite size_square.
  apply Rle_trans with
    (total (fun p => total (fun q => apply_to M z N p * (M p q * (x q ^ 2 / z q))) N) P).
  - apply total_le; intros p Hp; rewrite total_scal; unfold apply_to.
    apply weighted_product; intros q Hq; split; [apply HM|apply Hz]; assumption.
  - rewrite total_swap, <- total_scal; apply total_le; intros q Hq.
    pose proof (Hz q Hq) as Hzq.
    replace (total (fun p => apply_to M z N p * (M p q * (x q ^ 2 / z q))) P)
      with (x q ^ 2 / z q * total (fun p => M p q * apply_to M z N p) P)
      by (rewrite <- total_scal; apply total_ext; intros; ring).
    replace (B ^ 2 * x q ^ 2) with (x q ^ 2 / z q * (B ^ 2 * z q)) by (field; lra).
    apply Rmult_le_compat_l; [|apply H; exact Hq].
    apply Rmult_le_pos; [apply pow2_ge_0|left; apply Rinv_0_lt_compat; exact Hzq].
Qed.

(* Relative error of a whole sweep: the subgradient is at most B times the step, plus what the
   solves left. *)
Theorem sweep_relative_error : forall (M : nat -> nat -> R) (delta r g : nat -> R) B P N,
  bounds B M P N ->
  (forall q, (q < N)%nat -> 0 <= delta q) ->
  (forall p, (p < P)%nat -> 0 <= g p <= apply_to M delta N p + r p) ->
  size g P <= B * size delta N + size r P.
Proof.
  intros M delta r g B P N HB Hd Hg.
  apply Rle_trans with (size (fun p => apply_to M delta N p + r p) P);
    [apply size_le; exact Hg|].
  pose proof (size_plus (apply_to M delta N) r P); pose proof (HB delta Hd); lra.
Qed.

Theorem sweep_relative_error_frobenius :
  forall (M : nat -> nat -> R) (delta r g : nat -> R) B P N,
  0 <= B ->
  total (fun p => total (fun q => M p q ^ 2) N) P <= B ^ 2 ->
  (forall q, (q < N)%nat -> 0 <= delta q) ->
  (forall p, (p < P)%nat -> 0 <= g p <= apply_to M delta N p + r p) ->
  size g P <= B * size delta N + size r P.
Proof.
  intros M delta r g B P N HB HF; apply sweep_relative_error, frobenius_bounds; assumption.
Qed.

(* N-block Gauss-Seidel, the general form: every block lowers the objective by at least lam
   delta^2 up to t, every part of the subgradient obeys its row of M up to r, and between two
   sweeps the objective does not rise.  Each sweep may have another table: the largest bound
   counts.  This is the whole argument that an audit of a trace evaluates. *)
Theorem sweeps_rate_rounded :
  forall (v delta lamb t g r : nat -> nat -> R) (M : nat -> nat -> nat -> R) (b : nat -> R)
    lam B P N K,
  0 < lam -> 0 <= B ->
  (forall k, (k < K)%nat -> v (S k) O <= v k N) ->
  (forall k i, (k < K)%nat -> (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\
     lamb k i * delta k i ^ 2 <= v k i - v k (S i) + t k i) ->
  (forall k, (k < K)%nat -> bounds (b k) (M k) P N /\ b k <= B) ->
  (forall k p, (k < K)%nat -> (p < P)%nat ->
     0 <= g k p <= apply_to (M k) (delta k) N p + r k p) ->
  sqrt (total (fun k => size (g k) P ^ 2) K)
    <= B * sqrt ((v O O - v K O + total (fun k => total (t k) N) K) / lam)
       + sqrt (total (fun k => size (r k) P ^ 2) K).
Proof.
  intros v delta lamb t g r M b lam B P N K Hlam HB Hv Hdec Hb Hg.
  rewrite <- (total_telescope (fun k => v k O)).
  apply rate_rounded with (fun k => size (delta k) N) b; try assumption.
  - intros k Hk; split; [apply size_nonneg|apply Hb; exact Hk].
  - intros k Hk; split; [apply size_nonneg|].
    apply sweep_relative_error with (M k); [apply Hb; exact Hk| |].
    + intros q Hq; apply (Hdec k q Hk Hq).
    + intros p Hp; apply Hg; assumption.
  - intros k Hk; pose proof (Hv k Hk).
    assert (lam * size (delta k) N ^ 2 <= v k O - v k N + total (t k) N)
      by (apply sweep_descends_rounded with (lamb k); intros i Hi; apply (Hdec k i Hk Hi)).
    lra.
Qed.

(* The same with exact solves and exact arithmetic: the squared subgradients of K sweeps sum to
   at most B^2 (L_0 - L_K)/lam, where L_k = v k 0. *)
Theorem sweeps_rate :
  forall (v delta lamb g : nat -> nat -> R) (M : nat -> nat -> nat -> R) lam B P N K,
  0 < lam ->
  (forall k, (k < K)%nat -> v (S k) O <= v k N) ->
  (forall k i, (k < K)%nat -> (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\ lamb k i * delta k i ^ 2 <= v k i - v k (S i)) ->
  (forall k, (k < K)%nat -> bounds B (M k) P N) ->
  (forall k p, (k < K)%nat -> (p < P)%nat -> 0 <= g k p <= apply_to (M k) (delta k) N p) ->
  total (fun k => size (g k) P ^ 2) K <= B ^ 2 * ((v O O - v K O) / lam).
Proof.
  intros v delta lamb g M lam B P N K Hlam Hv Hdec HB Hg.
  apply (rate_sum (fun k => v k O) (fun k => size (delta k) N)); [exact Hlam| |].
  - intros k Hk; pose proof (Hv k Hk).
    assert (lam * size (delta k) N ^ 2 <= v k O - v k N)
      by (apply sweep_descends with (lamb k); intros i Hi; apply (Hdec k i Hk Hi)).
    lra.
  - intros k Hk; split; [apply size_nonneg|].
    apply Rle_trans with (size (apply_to (M k) (delta k) N) P).
    + apply size_le; intros p Hp; apply Hg; assumption.
    + apply (HB k Hk); intros q Hq; apply (Hdec k q Hk Hq).
Qed.

(* So the best of K sweeps has a subgradient of squared length O(1/K), for an objective that
   stays above Linf. *)
Theorem sweeps_best :
  forall (v delta lamb g : nat -> nat -> R) (M : nat -> nat -> nat -> R) lam B Linf P N K,
  0 < lam -> (0 < K)%nat -> Linf <= v K O ->
  (forall k, (k < K)%nat -> v (S k) O <= v k N) ->
  (forall k i, (k < K)%nat -> (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\ lamb k i * delta k i ^ 2 <= v k i - v k (S i)) ->
  (forall k, (k < K)%nat -> bounds B (M k) P N) ->
  (forall k p, (k < K)%nat -> (p < P)%nat -> 0 <= g k p <= apply_to (M k) (delta k) N p) ->
  exists k, (k < K)%nat /\ size (g k) P ^ 2 <= B ^ 2 * ((v O O - Linf) / lam) / INR K.
Proof.
  intros v delta lamb g M lam B Linf P N K Hlam HK Hinf Hv Hdec HB Hg.
  destruct (some_at_most_mean (fun k => size (g k) P ^ 2) K HK) as [k [Hk Hmean]].
  exists k; split; [exact Hk|].
  assert (HN : 0 < INR K) by (apply lt_0_INR; exact HK).
  apply Rmult_le_reg_l with (INR K); [exact HN|].
  replace (INR K * (B ^ 2 * ((v O O - Linf) / lam) / INR K))
    with (B ^ 2 * ((v O O - Linf) / lam)) by (field; lra).
  apply Rle_trans with (B ^ 2 * ((v O O - v K O) / lam)).
  - apply Rle_trans with (total (fun j => size (g j) P ^ 2) K); [exact Hmean|].
    apply sweeps_rate with delta lamb M N; assumption.
  - apply Rmult_le_compat_l; [apply pow2_ge_0|].
    apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; exact Hlam|lra].
Qed.

(* Inexact solves: block i leaves a residual of length r_i <= theta delta_i.  It takes r_i
   delta_i off that block's decrease and is added to its part of the subgradient, so the rate
   holds with lam - theta for lam and B + theta for B. *)
Theorem sweeps_rate_inexact :
  forall (v delta lamb g r : nat -> nat -> R) (M : nat -> nat -> nat -> R) lam theta B N K,
  0 <= theta < lam ->
  (forall k, (k < K)%nat -> v (S k) O <= v k N) ->
  (forall k i, (k < K)%nat -> (i < N)%nat ->
     0 <= delta k i /\ 0 <= r k i <= theta * delta k i /\ lam <= lamb k i /\
     lamb k i * delta k i ^ 2 - r k i * delta k i <= v k i - v k (S i)) ->
  (forall k, (k < K)%nat -> bounds B (M k) N N) ->
  (forall k p, (k < K)%nat -> (p < N)%nat ->
     0 <= g k p <= apply_to (M k) (delta k) N p + r k p) ->
  total (fun k => size (g k) N ^ 2) K
    <= (B + theta) ^ 2 * ((v O O - v K O) / (lam - theta)).
Proof.
  intros v delta lamb g r M lam theta B N K Hth Hv Hdec HB Hg.
  apply (rate_sum (fun k => v k O) (fun k => size (delta k) N)); [lra| |].
  - intros k Hk; pose proof (Hv k Hk).
    assert ((lam - theta) * size (delta k) N ^ 2 <= v k O - v k N).
    { apply sweep_descends with (fun i => lamb k i - theta); intros i Hi.
      destruct (Hdec k i Hk Hi) as [Hd [[_ Hr] [Hl Hdec1]]]; split; [lra|].
      pose proof (Rmult_le_compat_r _ _ _ Hd Hr).
      replace ((lamb k i - theta) * delta k i ^ 2)
        with (lamb k i * delta k i ^ 2 - theta * delta k i * delta k i) by ring.
      lra. }
    lra.
  - intros k Hk; split; [apply size_nonneg|].
    apply Rle_trans with (B * size (delta k) N + size (r k) N).
    + apply sweep_relative_error with (M k); [apply HB; exact Hk| |].
      * intros q Hq; apply (Hdec k q Hk Hq).
      * intros p Hp; apply Hg; assumption.
    + replace ((B + theta) * size (delta k) N)
        with (B * size (delta k) N + theta * size (delta k) N) by ring.
      apply Rplus_le_compat_l; rewrite <- size_scal by lra.
      apply size_le; intros i Hi; apply (Hdec k i Hk Hi).
Qed.

(* Sets that are projected on exactly, without a proximal term.  The step of such a block is not
   controlled (it enters with delta = 0: the block is only known not to raise the objective), so
   the subgradient is bounded by the other blocks' steps in this sweep and in the next one. *)
Theorem sweeps_rate_two_step :
  forall (v delta lamb g : nat -> nat -> R) (M1 M2 : nat -> nat -> nat -> R) lam B1 B2 P N K,
  0 < lam -> 0 <= B1 -> 0 <= B2 ->
  (forall k, (k <= K)%nat -> v (S k) O <= v k N) ->
  (forall k i, (k <= K)%nat -> (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\ lamb k i * delta k i ^ 2 <= v k i - v k (S i)) ->
  (forall k, (k < K)%nat -> bounds B1 (M1 k) P N /\ bounds B2 (M2 k) P N) ->
  (forall k p, (k < K)%nat -> (p < P)%nat ->
     0 <= g k p <= apply_to (M1 k) (delta k) N p + apply_to (M2 k) (delta (S k)) N p) ->
  total (fun k => size (g k) P ^ 2) K <= (B1 + B2) ^ 2 * ((v O O - v (S K) O) / lam).
Proof.
  intros v delta lamb g M1 M2 lam B1 B2 P N K Hlam H1 H2 Hv Hdec HB Hg.
  apply (rate_two_step (fun k => v k O) (fun k => size (delta k) N)); try assumption.
  - intros k Hk; pose proof (Hv k Hk).
    assert (lam * size (delta k) N ^ 2 <= v k O - v k N)
      by (apply sweep_descends with (lamb k); intros i Hi; apply (Hdec k i Hk Hi)).
    lra.
  - intros k Hk; split; [apply size_nonneg|].
    destruct (HB k Hk) as [HB1 HB2].
    apply Rle_trans with
      (B1 * size (delta k) N + size (apply_to (M2 k) (delta (S k)) N) P).
    + apply sweep_relative_error with (M1 k); [exact HB1| |].
      * intros q Hq; apply (Hdec k q); [lia|exact Hq].
      * intros p Hp; apply Hg; assumption.
    + apply Rplus_le_compat_l, HB2; intros q Hq; apply (Hdec (S k) q); [lia|exact Hq].
Qed.

(* Extrapolation.  Sweep k starts at y_k = x_k + beta_k (x_k - x_{k-1}), with y_0 = x_0, and
   e_k is the distance of x_{k+1} from y_k, d_k that of x_{k+1} from x_k.  If every accepted
   sweep lowers the objective by at least del d_k^2 and the subgradient is at most b e_k, then
   the rate holds with b (1 + betamax) for b.  Where an extrapolated sweep is refused, the sweep
   is done again with beta_k = 0. *)
Theorem momentum_rate : forall (L d e g beta : nat -> R) del b betamax K,
  0 < del -> 0 <= b -> 0 <= betamax ->
  (forall k, (k < K)%nat -> 0 <= d k /\ 0 <= beta k <= betamax) ->
  (forall k, (k < K)%nat -> del * d k ^ 2 <= L k - L (S k)) ->
  ((0 < K)%nat -> e O <= d O) ->
  (forall k, (S k < K)%nat -> e (S k) <= d (S k) + beta (S k) * d k) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b * e k) ->
  total (fun k => g k ^ 2) K <= b ^ 2 * (1 + betamax) ^ 2 * ((L O - L K) / del).
Proof.
  intros L d e g beta del b betamax K Hdel Hb Hbm Hd Hdec He0 He Hg.
  set (before := fun k => match k with O => 0 | S j => d j end).
  assert (Hrow : forall k, (k < K)%nat -> 0 <= g k <= b * d k + b * betamax * before k).
  { intros k Hk; destruct (Hg k Hk) as [H0 H1]; split; [exact H0|].
    apply Rle_trans with (b * e k); [exact H1|].
    replace (b * d k + b * betamax * before k) with (b * (d k + betamax * before k)) by ring.
    apply Rmult_le_compat_l; [exact Hb|]; destruct k as [|k]; simpl.
    - specialize (He0 Hk); lra.
    - destruct (Hd (S k) Hk) as [_ [_ Hbk]]; destruct (Hd k) as [Hdk _]; [lia|].
      pose proof (He k Hk); pose proof (Rmult_le_compat_r _ _ _ Hdk Hbk); lra. }
  assert (HT : total (fun k => d k ^ 2) K <= (L O - L K) / del)
    by (apply steps_bounded; assumption).
  set (T := total (fun k => d k ^ 2) K) in *.
  assert (Hbefore : total (fun k => before k ^ 2) K <= T).
  { unfold T; destruct K as [|K]; [simpl; lra|].
    rewrite total_shift; simpl; pose proof (pow2_ge_0 (d K)); simpl in *; lra. }
  apply Rle_trans with (b ^ 2 * (1 + betamax) ^ 2 * T).
  - assert (Hbb : 0 <= b * betamax) by (apply Rmult_le_pos; assumption).
    apply Rle_trans with
      (total (fun k => (b + b * betamax) * (b * d k ^ 2 + b * betamax * before k ^ 2)) K).
    + apply total_le; intros k Hk; destruct (Hrow k Hk) as [H0 H1].
      apply Rle_trans with ((b * d k + b * betamax * before k) ^ 2);
        [apply square_le; assumption|apply weighted_square; assumption].
    + rewrite total_scal, total_plus, !total_scal; fold T.
      replace (b ^ 2 * (1 + betamax) ^ 2 * T)
        with ((b + b * betamax) * (b * T + b * betamax * T)) by ring.
      apply Rmult_le_compat_l; [lra|].
      apply Rplus_le_compat_l, Rmult_le_compat_l; assumption.
  - apply Rmult_le_compat_l; [apply Rmult_le_pos; apply pow2_ge_0|exact HT].
Qed.

(* The hypotheses can be met.  Two blocks: x^2 + y^2 - x y, each variable minimised in turn from
   (2, 1), reaches (2, 1)/4^k after k sweeps; the steps are 3/2 and 3/4 times 4^-k, the gradient
   after sweep k is (3/4) 4^-k in x and 0 in y. *)
Definition ex_v (k i : nat) : R :=
  match i with O => 3 | S O => 3 / 4 | _ => 3 / 16 end * (/ 4 ^ k) ^ 2.
Definition ex_delta (k i : nat) : R := match i with O => 3 / 2 | _ => 3 / 4 end * / 4 ^ k.
Definition ex_g (k p : nat) : R := match p with O => 3 / 4 | _ => 0 end * / 4 ^ k.
Definition ex_M (p q : nat) : R := match p, q with O, S O => 1 | _, _ => 0 end.

Lemma ex_step_nonneg : forall k, 0 < / 4 ^ k.
Proof. intros; apply Rinv_0_lt_compat, pow_lt; lra. Qed.

Lemma ex_between : forall k, ex_v (S k) O <= ex_v k 2.
Proof.
  intros k; unfold ex_v; change (4 ^ S k) with (4 * 4 ^ k).
  rewrite Rinv_mult; lra.
Qed.

Lemma ex_descends : forall k i, (i < 2)%nat ->
  0 <= ex_delta k i /\ 1 <= 1 /\ 1 * ex_delta k i ^ 2 <= ex_v k i - ex_v k (S i).
Proof.
  intros k i Hi; unfold ex_v, ex_delta; pose proof (ex_step_nonneg k).
  destruct i as [|[|i]]; [| |lia]; split; lra.
Qed.

Lemma ex_bounds : bounds 1 ex_M 2 2.
Proof. apply frobenius_bounds; simpl; lra. Qed.

(* Sharper than Frobenius: 1 for the identity table, where Frobenius gives the root of 2. *)
Lemma ex_schur : bounds 1 (fun p q => if Nat.eqb p q then 1 else 0) 2 2.
Proof.
  apply schur_bounds with (fun _ => 1); try (intros; lra).
  - intros p q _ _; destruct (Nat.eqb p q); lra.
  - intros [|[|q]] Hq; [| |lia]; unfold apply_to; simpl; lra.
Qed.

Lemma ex_rows : forall k p, (p < 2)%nat ->
  0 <= ex_g k p <= apply_to ex_M (ex_delta k) 2 p.
Proof.
  intros k p Hp; unfold apply_to, ex_g, ex_delta, ex_M; pose proof (ex_step_nonneg k).
  destruct p as [|[|p]]; [| |lia]; simpl; lra.
Qed.

Lemma sweeps_rate_used : forall K,
  total (fun k => size (ex_g k) 2 ^ 2) K <= 1 ^ 2 * ((ex_v O O - ex_v K O) / 1).
Proof.
  intros K; apply sweeps_rate with ex_delta (fun _ _ => 1) (fun _ => ex_M) 2%nat; intros;
    [lra|apply ex_between|apply ex_descends; assumption|apply ex_bounds|
     apply ex_rows; assumption].
Qed.

Lemma sweeps_best_used : forall K, (0 < K)%nat ->
  exists k, (k < K)%nat /\ size (ex_g k) 2 ^ 2 <= 1 ^ 2 * ((ex_v O O - 0) / 1) / INR K.
Proof.
  intros K HK.
  apply sweeps_best with ex_delta (fun _ _ => 1) (fun _ => ex_M) 2%nat; intros;
    [lra|exact HK| |apply ex_between|apply ex_descends; assumption|apply ex_bounds|
     apply ex_rows; assumption].
  unfold ex_v; pose proof (pow2_ge_0 (/ 4 ^ K)); lra.
Qed.

Lemma sweeps_rate_rounded_used : forall K,
  sqrt (total (fun k => size (ex_g k) 2 ^ 2) K)
    <= 1 * sqrt ((ex_v O O - ex_v K O + total (fun _ => total (fun _ => 0) 2) K) / 1)
       + sqrt (total (fun _ => size (fun _ => 0) 2 ^ 2) K).
Proof.
  intros K.
  apply sweeps_rate_rounded with ex_delta (fun _ _ => 1) (fun _ => ex_M) (fun _ => 1); intros;
    [lra|lra|apply ex_between| |split; [apply ex_bounds|lra]| ].
  - destruct (ex_descends k i) as [H1 [H2 H3]]; [assumption|]; repeat split; lra.
  - rewrite Rplus_0_r; apply ex_rows; assumption.
Qed.

(* The residual of block 0 taken as half its step: theta = 1/2. *)
Lemma sweeps_rate_inexact_used : forall K,
  total (fun k => size (ex_g k) 2 ^ 2) K
    <= (1 + 1 / 2) ^ 2 * ((ex_v O O - ex_v K O) / (1 - 1 / 2)).
Proof.
  intros K.
  apply sweeps_rate_inexact
    with ex_delta (fun _ _ => 1) (fun k i => 1 / 2 * ex_delta k i) (fun _ => ex_M); intros;
    [lra|apply ex_between| |apply ex_bounds| ].
  - destruct (ex_descends k i) as [H1 [H2 H3]]; [assumption|].
    pose proof (pow2_ge_0 (ex_delta k i)); repeat split; lra.
  - pose proof (ex_rows k p); destruct (ex_descends k p); [assumption|].
    destruct H1; [assumption|]; split; lra.
Qed.

(* The subgradient shared between a sweep's step and the next one's. *)
Lemma sweeps_rate_two_step_used : forall K,
  total (fun k => size (ex_g k) 2 ^ 2) K
    <= (1 + 1) ^ 2 * ((ex_v O O - ex_v (S K) O) / 1).
Proof.
  intros K.
  apply sweeps_rate_two_step
    with ex_delta (fun _ _ => 1) (fun _ => ex_M) (fun _ => ex_M) 2%nat; intros;
    [lra|lra|lra|apply ex_between|apply ex_descends; assumption|split; apply ex_bounds| ].
  destruct (ex_rows k p) as [H1 H2], (ex_rows (S k) p) as [H3 H4]; try assumption; lra.
Qed.

(* Half the square of x, from x_k = 2^-k with beta = 1/4: y_k = (3/4) x_k after the first sweep,
   and the derivative at x_{k+1} is at most twice the distance from y_k. *)
Lemma momentum_rate_used : forall K,
  total (fun k => (1 / 2 * / 2 ^ k) ^ 2) K
    <= 2 ^ 2 * (1 + 1 / 4) ^ 2 * ((1 / 2 * (/ 2 ^ O) ^ 2 - 1 / 2 * (/ 2 ^ K) ^ 2) / (3 / 2)).
Proof.
  intros K.
  apply (momentum_rate (fun k => 1 / 2 * (/ 2 ^ k) ^ 2) (fun k => 1 / 2 * / 2 ^ k)
           (fun k => match k with O => 1 / 2 | _ => 1 / 4 * / 2 ^ k end)
           (fun k => 1 / 2 * / 2 ^ k) (fun _ => 1 / 4)); try lra.
  - intros k _; assert (0 < / 2 ^ k) by (apply Rinv_0_lt_compat, pow_lt; lra); lra.
  - intros k _; change (2 ^ S k) with (2 * 2 ^ k); rewrite Rinv_mult; lra.
  - intros k _; change (2 ^ S k) with (2 * 2 ^ k).
    assert (0 < / 2 ^ k) by (apply Rinv_0_lt_compat, pow_lt; lra).
    rewrite Rinv_mult; lra.
  - intros k _; assert (0 < / 2 ^ k) by (apply Rinv_0_lt_compat, pow_lt; lra).
    destruct k; [change (2 ^ O) with 1; rewrite Rinv_1|]; lra.
Qed.
