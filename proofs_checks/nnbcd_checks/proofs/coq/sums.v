(* Finite sums of reals: total f n is f 0 + ... + f (n-1).

   Proved, with no hypothesis beyond those written: telescoping, the Cauchy-Schwarz and the
   Minkowski inequality, and that some term is at most the mean.  No claim of a certificate
   rests on this file alone; rate.v uses it. *)

From Coq Require Import Reals Lra Lia Psatz.
Open Scope R_scope.

Fixpoint total (f : nat -> R) (n : nat) : R :=
  match n with
  | O => 0
  | S m => total f m + f m
  end.

Lemma total_le : forall f g n,
  (forall k, (k < n)%nat -> f k <= g k) -> total f n <= total g n.
Proof.
  intros f g n H; induction n as [|n IH]; simpl; [lra|].
  assert (f n <= g n) by (apply H; lia).
  assert (total f n <= total g n) by (apply IH; intros; apply H; lia).
  lra.
Qed.

Lemma total_ext : forall f g n,
  (forall k, (k < n)%nat -> f k = g k) -> total f n = total g n.
Proof.
  intros f g n H; apply Rle_antisym; apply total_le; intros k Hk; rewrite (H k Hk); lra.
Qed.

Lemma total_nonneg : forall f n,
  (forall k, (k < n)%nat -> 0 <= f k) -> 0 <= total f n.
Proof.
  intros f n H; induction n as [|n IH]; simpl; [lra|].
  assert (0 <= f n) by (apply H; lia).
  assert (0 <= total f n) by (apply IH; intros; apply H; lia).
  lra.
Qed.

Lemma total_plus : forall f g n, total (fun k => f k + g k) n = total f n + total g n.
Proof. intros f g n; induction n as [|n IH]; simpl; [lra|]; rewrite IH; ring. Qed.

Lemma total_scal : forall c f n, total (fun k => c * f k) n = c * total f n.
Proof. intros c f n; induction n as [|n IH]; simpl; [ring|]; rewrite IH; ring. Qed.

Lemma total_telescope : forall L n, total (fun k => L k - L (S k)) n = L O - L n.
Proof. intros L n; induction n as [|n IH]; simpl; [ring|]; rewrite IH; ring. Qed.

Lemma total_shift : forall f n, total f (S n) = f O + total (fun k => f (S k)) n.
Proof.
  intros f n; induction n as [|n IH]; [simpl; ring|].
  change (total f (S (S n))) with (total f (S n) + f (S n)).
  rewrite IH; simpl; ring.
Qed.

Lemma total_swap : forall (f : nat -> nat -> R) n m,
  total (fun i => total (f i) m) n = total (fun j => total (fun i => f i j) n) m.
Proof.
  intros f n m; induction n as [|n IH]; simpl.
  - induction m as [|m IHm]; simpl; [reflexivity|]; rewrite <- IHm; ring.
  - rewrite IH, total_plus; reflexivity.
Qed.

Lemma total_squares_nonneg : forall x n, 0 <= total (fun k => x k ^ 2) n.
Proof. intros; apply total_nonneg; intros; nra. Qed.

Lemma some_at_most_mean : forall f n,
  (0 < n)%nat -> exists k, (k < n)%nat /\ INR n * f k <= total f n.
Proof.
  intros f n Hn; induction n as [|n IH]; [lia|].
  destruct n as [|n].
  - exists O; split; [lia|simpl; lra].
  - destruct IH as [k [Hk Hf]]; [lia|].
    rewrite S_INR; change (total f (S (S n))) with (total f (S n) + f (S n)).
    assert (0 < INR (S n)) by (apply lt_0_INR; lia).
    destruct (Rle_dec (f k) (f (S n))) as [H1|H1].
    + exists k; split; [lia|nra].
    + exists (S n); split; [lia|nra].
Qed.

Lemma square_le : forall x y, 0 <= x -> x <= y -> x ^ 2 <= y ^ 2.
Proof. intros; nra. Qed.

Lemma sqrt_of_square_le : forall x y, 0 <= y -> x <= y ^ 2 -> sqrt x <= y.
Proof.
  intros x y Hy H; rewrite <- (sqrt_pow2 y Hy); apply sqrt_le_1_alt; exact H.
Qed.

Lemma square_sqrt : forall x, 0 <= x -> sqrt x ^ 2 = x.
Proof. intros x Hx; rewrite <- Rsqr_pow2; apply Rsqr_sqrt; exact Hx. Qed.

Theorem cauchy_schwarz : forall x y n,
  total (fun k => x k * y k) n
    <= sqrt (total (fun k => x k ^ 2) n) * sqrt (total (fun k => y k ^ 2) n).
Proof.
  intros x y n; induction n as [|n IH]; cbn [total].
  - rewrite sqrt_0; lra.
  - pose proof (total_squares_nonneg x n) as HA.
    pose proof (total_squares_nonneg y n) as HB.
    revert IH HA HB.
    generalize (total (fun k => x k * y k) n) as P.
    generalize (total (fun k => x k ^ 2) n) as A.
    generalize (total (fun k => y k ^ 2) n) as B.
    intros B A P IH HA HB.
    pose proof (sqrt_pos A) as Ha; pose proof (sqrt_pos B) as Hb.
    pose proof (square_sqrt A HA) as EA; pose proof (square_sqrt B HB) as EB.
    set (a := sqrt A) in *; set (b := sqrt B) in *; clearbody a b; subst A B.
    generalize (x n) as u; generalize (y n) as v; intros v u.
    pose proof (pow2_ge_0 a); pose proof (pow2_ge_0 b).
    pose proof (pow2_ge_0 u); pose proof (pow2_ge_0 v).
    rewrite <- sqrt_mult by lra.
    apply Rle_trans with (a * b + u * v); [lra|].
    destruct (Rle_dec 0 (a * b + u * v)) as [Hs|Hs].
    + rewrite <- (sqrt_pow2 _ Hs); apply sqrt_le_1_alt.
      assert (E : (a ^ 2 + u ^ 2) * (b ^ 2 + v ^ 2) - (a * b + u * v) ^ 2 = (a * v - b * u) ^ 2)
        by ring.
      pose proof (pow2_ge_0 (a * v - b * u)); lra.
    + apply Rle_trans with 0; [lra|apply sqrt_pos].
Qed.

Theorem minkowski : forall x y n,
  sqrt (total (fun k => (x k + y k) ^ 2) n)
    <= sqrt (total (fun k => x k ^ 2) n) + sqrt (total (fun k => y k ^ 2) n).
Proof.
  intros x y n.
  pose proof (cauchy_schwarz x y n) as H.
  pose proof (total_squares_nonneg x n) as HA.
  pose proof (total_squares_nonneg y n) as HB.
  pose proof (sqrt_pos (total (fun k => x k ^ 2) n)) as Ha.
  pose proof (sqrt_pos (total (fun k => y k ^ 2) n)) as Hb.
  apply sqrt_of_square_le; [lra|].
  replace (total (fun k => (x k + y k) ^ 2) n)
    with (total (fun k => x k ^ 2) n + 2 * total (fun k => x k * y k) n
          + total (fun k => y k ^ 2) n).
  - set (a := sqrt (total (fun k => x k ^ 2) n)) in *.
    set (b := sqrt (total (fun k => y k ^ 2) n)) in *.
    replace (total (fun k => x k ^ 2) n) with (a ^ 2) by (apply square_sqrt; exact HA).
    replace (total (fun k => y k ^ 2) n) with (b ^ 2) by (apply square_sqrt; exact HB).
    nra.
  - rewrite <- total_scal, <- total_plus, <- total_plus.
    apply total_ext; intros; ring.
Qed.
