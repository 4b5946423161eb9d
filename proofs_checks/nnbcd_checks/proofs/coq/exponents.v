(* The Lojasiewicz exponent and the rate of the objective.

   The inequality is (L - Lstar)^theta <= C g at the points of the run whose objective L is above
   Lstar: kl.v's with phi(s) = C/(1-theta) s^(1-theta).  The objective then reaches Lstar after
   finitely many sweeps (theta = 0), converges linearly (theta <= 1/2), or like
   K^(-1/(2 theta - 1)) (theta > 1/2).

   Serves the claim "the iterates converge".  Not claimed: the exponent of any network's
   objective, which is not known, and which no finite trace can show. *)

From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From NNBCD Require Import sums rate kl powers.
Open Scope R_scope.

(* c s^q for s > 0, and 0 at 0. *)
Definition phi_power (c q s : R) : R := if Rlt_dec 0 s then c * power s q else 0.

Lemma power_half : forall a, 0 < a -> power a (1 / 2) = sqrt a.
Proof.
  intros a Ha; symmetry; apply sqrt_lem_1; [lra|left; apply power_pos|].
  rewrite <- power_plus; replace (1 / 2 + 1 / 2) with 1 by lra; apply power_1; exact Ha.
Qed.

Lemma power_square : forall a p, power a p ^ 2 = power a (2 * p).
Proof. intros; replace (2 * p) with (p + p) by ring; rewrite power_plus; ring. Qed.

(* phi(s) = c s^q is one that kl.v takes, with slope c q s^(q-1). *)
Theorem power_desingularizes : forall c q eta,
  0 <= c -> 0 <= q <= 1 ->
  desingularizes (phi_power c q) (fun s => c * q * power s (q - 1)) eta.
Proof.
  intros c q eta Hc Hq; split.
  - intros s _; unfold phi_power; destruct (Rlt_dec 0 s); [|lra].
    apply Rmult_le_pos; [exact Hc|left; apply power_pos].
  - intros s t Hs Ht; unfold phi_power; destruct (Rlt_dec 0 s) as [H|H]; [clear H|lra].
    assert (E : power s (q - 1) * s = power s q).
    { rewrite <- (power_1 s) at 2 by lra; rewrite <- power_plus; f_equal; ring. }
    pose proof (power_pos s q) as Hp.
    destruct (Rlt_dec 0 t) as [H|H].
    + assert (HB : power t q <= power s q + q * power s (q - 1) * (t - s)).
      { replace t with (s * (t / s)) at 1 by (field; lra).
        assert (Hts : 0 < t / s) by (apply Rdiv_lt_0_compat; lra).
        rewrite power_mult by lra.
        replace (power s q + q * power s (q - 1) * (t - s))
          with (power s q * (1 + q * (t / s - 1))) by (rewrite <- E; field; lra).
        apply Rmult_le_compat_l; [lra|apply bernoulli_below; assumption]. }
      apply Rmult_le_compat_l with (r := c) in HB; [lra|exact Hc].
    + replace t with 0 by lra.
      replace (c * q * power s (q - 1) * (s - 0)) with (c * (q * power s q))
        by (rewrite <- E; ring).
      assert (q * power s q <= 1 * power s q) by (apply Rmult_le_compat_r; lra).
      apply Rmult_le_compat_l with (r := c) in H0; lra.
Qed.

(* The two ways to write the inequality are the same. *)
Theorem two_forms : forall a theta C g,
  0 < a -> (power a theta <= C * g <-> 1 <= C * power a (- theta) * g).
Proof.
  intros a theta C g Ha; pose proof (power_pos a theta) as Hp.
  pose proof (power_pos a (- theta)) as Hm.
  assert (E : power a theta * power a (- theta) = 1)
    by (rewrite <- power_plus, Rplus_opp_r; apply power_0).
  split; intros H.
  - apply Rmult_le_compat_r with (r := power a (- theta)) in H; lra.
  - apply Rmult_le_compat_r with (r := power a theta) in H; [|lra].
    replace (C * power a (- theta) * g * power a theta)
      with (C * g * (power a theta * power a (- theta))) in H by ring.
    rewrite E in H; lra.
Qed.

(* Finite length and convergence, for any exponent below 1. *)
Theorem lojasiewicz_converges :
  forall (V : CompleteNormedModule R_AbsRing) (x : nat -> V) (L d g : nat -> R)
    Lstar lam b0 b1 b2 start C theta,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= start -> 0 <= C -> 0 <= theta < 1 ->
  descends L d g start lam b0 b1 b2 ->
  (forall k, step x k <= d k) ->
  (forall k, Lstar <= L (S k)) ->
  (forall k, Lstar < L (S k) -> power (L (S k) - Lstar) theta <= C * g k) ->
  (forall n, total d n
     <= start + 2 * d O
        + (b0 + b1 + b2) / lam * phi_power (C / (1 - theta)) (1 - theta) (L 1%nat - Lstar)) /\
  exists l, filterlim x eventually (locally l).
Proof.
  intros V x L d g Lstar lam b0 b1 b2 start C theta
    Hlam H0 H1 H2 Hstart HC Hth Hrun Hstep HL Hkl.
  apply (kl_finite_length_converges V x L d g _
           (fun s => C / (1 - theta) * (1 - theta) * power s (1 - theta - 1))
           (L 1%nat - Lstar + 1)); try assumption; try lra.
  - apply power_desingularizes; [|lra].
    apply Rmult_le_pos; [exact HC|left; apply Rinv_0_lt_compat; lra].
  - intros k Hk.
    replace (C / (1 - theta) * (1 - theta)) with C by (field; lra).
    replace (1 - theta - 1) with (- theta) by ring.
    apply two_forms; [lra|apply Hkl; exact Hk].
Qed.

(* What the rates rest on: the gap a_k = L_k - Lstar obeys a_{k+1}^(2 theta) <= kappa (a_k -
   a_{k+1}), with kappa = C^2 b^2/lam. *)
Theorem one_sweep_gap : forall L0 L1 d g Lstar lam b C theta,
  0 < lam ->
  lam * d ^ 2 <= L0 - L1 -> 0 <= g <= b * d -> Lstar < L1 ->
  power (L1 - Lstar) theta <= C * g ->
  power (L1 - Lstar) (2 * theta) <= C ^ 2 * b ^ 2 / lam * (L0 - L1).
Proof.
  intros L0 L1 d g Lstar lam b C theta Hlam Hdec [Hg0 Hg] HL Hkl.
  pose proof (square_le _ _ (Rlt_le _ _ (power_pos _ _)) Hkl) as H; rewrite power_square in H.
  pose proof (square_le g (b * d) Hg0 Hg) as H3.
  apply Rmult_le_compat_l with (r := C ^ 2) in H3; [|apply pow2_ge_0].
  assert (Hk : 0 <= C ^ 2 * b ^ 2 / lam).
  { apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|].
    left; apply Rinv_0_lt_compat; exact Hlam. }
  apply Rmult_le_compat_l with (r := C ^ 2 * b ^ 2 / lam) in Hdec; [|exact Hk].
  replace (C ^ 2 * b ^ 2 / lam * (lam * d ^ 2)) with (C ^ 2 * (b * d) ^ 2) in Hdec
    by (field; lra).
  replace ((C * g) ^ 2) with (C ^ 2 * g ^ 2) in H by ring; lra.
Qed.

Lemma weighted_square_3 : forall w0 w1 w2 x y z,
  0 <= w0 -> 0 <= w1 -> 0 <= w2 ->
  (w0 * x + w1 * y + w2 * z) ^ 2 <= (w0 + w1 + w2) ^ 2 * (x ^ 2 + y ^ 2 + z ^ 2).
Proof.
  intros w0 w1 w2 x y z H0 H1 H2.
  assert (E : (w0 + w1 + w2) ^ 2 * (x ^ 2 + y ^ 2 + z ^ 2) - (w0 * x + w1 * y + w2 * z) ^ 2
              = w0 * w1 * ((x - y) ^ 2 + x ^ 2 + y ^ 2 + 2 * z ^ 2)
                + w0 * w2 * ((x - z) ^ 2 + x ^ 2 + z ^ 2 + 2 * y ^ 2)
                + w1 * w2 * ((y - z) ^ 2 + y ^ 2 + z ^ 2 + 2 * x ^ 2)
                + w0 ^ 2 * (y ^ 2 + z ^ 2) + w1 ^ 2 * (x ^ 2 + z ^ 2)
                + w2 ^ 2 * (x ^ 2 + y ^ 2)) by ring.
  pose proof (pow2_ge_0 x); pose proof (pow2_ge_0 y); pose proof (pow2_ge_0 z).
  pose proof (pow2_ge_0 (x - y)); pose proof (pow2_ge_0 (x - z)); pose proof (pow2_ge_0 (y - z)).
  pose proof (pow2_ge_0 w0); pose proof (pow2_ge_0 w1); pose proof (pow2_ge_0 w2).
  assert (0 <= w0 * w1) by (apply Rmult_le_pos; assumption).
  assert (0 <= w0 * w2) by (apply Rmult_le_pos; assumption).
  assert (0 <= w1 * w2) by (apply Rmult_le_pos; assumption).
  assert (0 <= (w0 + w1 + w2) ^ 2 * (x ^ 2 + y ^ 2 + z ^ 2) - (w0 * x + w1 * y + w2 * z) ^ 2).
  { rewrite E; repeat apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra. }
  lra.
Qed.

(* With an error that looks a sweep back and a sweep ahead, the same holds from every third
   sweep to the next, so that the rates below hold for L_0, L_3, L_6, ... *)
Theorem three_sweep_gap : forall L d g start Lstar lam b0 b1 b2 C theta k,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= theta ->
  descends L d g start lam b0 b1 b2 ->
  Lstar < L (S (S (S k))) ->
  power (L (S (S k)) - Lstar) theta <= C * g (S k) ->
  power (L (S (S (S k))) - Lstar) (2 * theta)
    <= C ^ 2 * (b0 + b1 + b2) ^ 2 / lam * (L k - L (S (S (S k)))).
Proof.
  intros L d g start Lstar lam b0 b1 b2 C theta k Hlam H0 H1 H2 Hth [Hd [Hdec Hg]] HL Hkl.
  pose proof (Hdec k) as D0; pose proof (Hdec (S k)) as D1; pose proof (Hdec (S (S k))) as D2.
  destruct (Hg (S k)) as [Hg0 Hg1]; change (before start d (S k)) with (d k) in Hg1.
  pose proof (weighted_square_3 b0 b1 b2 (d k) (d (S k)) (d (S (S k))) H0 H1 H2) as Hw.
  revert D0 D1 D2 Hw Hg1; generalize (d k) as x; generalize (d (S k)) as y.
  generalize (d (S (S k))) as z; intros z y x D0 D1 D2 Hw Hg1.
  assert (Hz : 0 <= lam * z ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  apply Rle_trans with (power (L (S (S k)) - Lstar) (2 * theta)); [apply power_le; lra|].
  pose proof (square_le _ _ (Rlt_le _ _ (power_pos _ _)) Hkl) as H; rewrite power_square in H.
  pose proof (square_le _ _ Hg0 Hg1) as Hsq.
  assert (Hsum : lam * (x ^ 2 + y ^ 2 + z ^ 2) <= L k - L (S (S (S k)))) by lra.
  assert (Hk : 0 <= C ^ 2 * (b0 + b1 + b2) ^ 2 / lam).
  { apply Rmult_le_pos; [apply Rmult_le_pos; apply pow2_ge_0|].
    left; apply Rinv_0_lt_compat; exact Hlam. }
  apply Rmult_le_compat_l with (r := C ^ 2 * (b0 + b1 + b2) ^ 2 / lam) in Hsum; [|exact Hk].
  replace (C ^ 2 * (b0 + b1 + b2) ^ 2 / lam * (lam * (x ^ 2 + y ^ 2 + z ^ 2)))
    with (C ^ 2 * ((b0 + b1 + b2) ^ 2 * (x ^ 2 + y ^ 2 + z ^ 2))) in Hsum by (field; lra).
  assert (Hg2 : g (S k) ^ 2 <= (b0 + b1 + b2) ^ 2 * (x ^ 2 + y ^ 2 + z ^ 2)) by lra.
  apply Rmult_le_compat_l with (r := C ^ 2) in Hg2; [|apply pow2_ge_0].
  replace ((C * g (S k)) ^ 2) with (C ^ 2 * g (S k) ^ 2) in H by ring; lra.
Qed.

(* Exponent 0: at most kappa a_0 sweeps stay above Lstar. *)
Theorem exponent_zero : forall (a : nat -> R) kappa K,
  (forall k, (k < K)%nat -> 0 < a (S k) -> 1 <= kappa * (a k - a (S k))) ->
  (forall k, (k < K)%nat -> a (S k) <= a k) ->
  0 < a K ->
  INR K <= kappa * (a O - a K).
Proof.
  intros a kappa K; induction K as [|K IH]; intros H Hmono Hpos; [simpl; lra|].
  assert (a (S K) <= a K) by (apply Hmono; lia).
  assert (1 <= kappa * (a K - a (S K))) by (apply H; [lia|exact Hpos]).
  assert (INR K <= kappa * (a O - a K)) by (apply IH; intros; [apply H|apply Hmono|]; try lia; lra).
  rewrite S_INR; lra.
Qed.

(* Exponent at most 1/2: a linear rate. *)
Theorem exponent_up_to_half : forall (a : nat -> R) kappa theta K,
  0 <= kappa -> 0 <= theta <= 1 / 2 ->
  (forall k, (k <= K)%nat -> 0 <= a k) ->
  (forall k, (k < K)%nat -> a (S k) <= a k) ->
  (forall k, (k < K)%nat -> 0 < a (S k) ->
     power (a (S k)) (2 * theta) <= kappa * (a k - a (S k))) ->
  let kappa1 := kappa * power (a O) (1 - 2 * theta) in
  0 <= kappa1 / (1 + kappa1) < 1 /\ a K <= (kappa1 / (1 + kappa1)) ^ K * a O.
Proof.
  intros a kappa theta K Hkap Hth Hpos Hmono Hgap kappa1.
  assert (Hk1 : 0 <= kappa1) by (apply Rmult_le_pos; [exact Hkap|left; apply power_pos]).
  set (q := kappa1 / (1 + kappa1)).
  assert (Eq : q * (1 + kappa1) = kappa1) by (unfold q; field; lra).
  assert (Hq : 0 <= q < 1).
  { split; [apply Rmult_le_pos; [exact Hk1|left; apply Rinv_0_lt_compat; lra]|].
    apply Rmult_lt_reg_r with (1 + kappa1); lra. }
  split; [exact Hq|].
  assert (Htop : forall k, (k <= K)%nat -> a k <= a O /\ a k <= q ^ k * a O).
  { induction k as [|k IH]; intros Hk; [simpl; lra|].
    destruct IH as [IH1 IH2]; [lia|].
    assert (Hm : a (S k) <= a k) by (apply Hmono; lia).
    assert (H0 : 0 <= a (S k)) by (apply Hpos; lia).
    split; [lra|]; simpl; rewrite Rmult_assoc.
    apply Rle_trans with (q * a k); [|apply Rmult_le_compat_l; lra].
    apply Rmult_le_reg_r with (1 + kappa1); [lra|].
    replace (q * a k * (1 + kappa1)) with (q * (1 + kappa1) * a k) by ring; rewrite Eq.
    (* a = a^(2 theta) a^(1 - 2 theta) <= kappa (a_k - a) a_0^(1 - 2 theta) *)
    destruct H0 as [H0|H0]; [|rewrite <- H0; pose proof (Rmult_le_pos kappa1 (a k)); lra].
    assert (Hg : power (a (S k)) (2 * theta) <= kappa * (a k - a (S k)))
      by (apply Hgap; [lia|exact H0]).
    assert (Hle : power (a (S k)) (1 - 2 * theta) <= power (a O) (1 - 2 * theta))
      by (apply power_le; lra).
    assert (E : a (S k) = power (a (S k)) (2 * theta) * power (a (S k)) (1 - 2 * theta)).
    { rewrite <- power_plus, <- (power_1 (a (S k))) at 1 by exact H0; f_equal; ring. }
    assert (H : a (S k) <= kappa * (a k - a (S k)) * power (a O) (1 - 2 * theta)).
    { rewrite E at 1; apply Rmult_le_compat; try (left; apply power_pos); assumption. }
    unfold kappa1; lra. }
  apply Htop; lia.
Qed.

(* One sweep for an exponent above 1/2: a^(-p) grows by at least mu, where p = 2 theta - 1. *)
Lemma gap_grows : forall a0 a a1 kappa p mu,
  0 < a1 -> a1 <= a -> a <= a0 -> 0 < p -> 0 <= mu ->
  power a1 (p + 1) <= kappa * (a - a1) ->
  mu * (kappa * power 2 (p + 1)) <= p ->
  mu * (2 * power a0 p) <= p ->
  power a (- p) + mu <= power a1 (- p).
Proof.
  intros a0 a a1 kappa p mu H1 Ha H0 Hp Hmu Hgap Hmu1 Hmu2.
  set (u := a1 / a).
  assert (Hu : 0 < u) by (apply Rdiv_lt_0_compat; lra).
  assert (Eu : a1 = a * u) by (unfold u; field; lra).
  assert (Hu1 : u <= 1) by (apply Rmult_le_reg_l with a; lra).
  pose proof (bernoulli_above u p Hu (Rlt_le _ _ Hp)) as HB.
  pose proof (power_pos a (- p)) as Hap; pose proof (power_pos a p) as Hap'.
  assert (Einv : power a p * power a (- p) = 1)
    by (rewrite <- power_plus, Rplus_opp_r; apply power_0).
  rewrite Eu, power_mult by lra.
  (* it suffices that mu a^p <= p (1 - u) *)
  assert (Hmain : mu * power a p <= p * (1 - u)).
  { destruct (Rle_dec (1 / 2) u) as [Hhalf|Hhalf].
    - (* mu kappa <= p 2^-(p+1) <= p u^(p+1), and u^(p+1) a^p <= kappa (1 - u) *)
      assert (Hg : power a p * power u (p + 1) <= kappa * (1 - u)).
      { apply Rmult_le_reg_l with a; [lra|].
        rewrite Eu, power_mult in Hgap by lra.
        rewrite (power_plus a p 1), power_1 in Hgap by lra; lra. }
      assert (H2u : 1 <= power 2 (p + 1) * power u (p + 1)).
      { rewrite <- power_mult, <- (power_of_1 (p + 1)) at 1 by lra; apply power_le; lra. }
      assert (Hupos : 0 < power u (p + 1)) by apply power_pos.
      assert (Hkap : 0 < kappa).
      { apply Rnot_le_lt; intros Hneg.
        assert (0 < power a p * power u (p + 1)) by (apply Rmult_lt_0_compat; assumption).
        assert (kappa * (1 - u) <= 0 * (1 - u)) by (apply Rmult_le_compat_r; lra); lra. }
      apply Rmult_le_reg_l with (kappa * power 2 (p + 1));
        [apply Rmult_lt_0_compat; [exact Hkap|apply power_pos]|].
      apply Rle_trans with (p * power a p).
      + replace (kappa * power 2 (p + 1) * (mu * power a p))
          with (mu * (kappa * power 2 (p + 1)) * power a p) by ring.
        apply Rmult_le_compat_r; lra.
      + replace (kappa * power 2 (p + 1) * (p * (1 - u)))
          with (p * (power 2 (p + 1) * (kappa * (1 - u)))) by ring.
        apply Rmult_le_compat_l; [lra|].
        apply Rle_trans with (power 2 (p + 1) * (power a p * power u (p + 1))).
        * replace (power 2 (p + 1) * (power a p * power u (p + 1)))
            with (power a p * (power 2 (p + 1) * power u (p + 1))) by ring.
          rewrite <- (Rmult_1_r (power a p)) at 1; apply Rmult_le_compat_l; lra.
        * apply Rmult_le_compat_l; [left; apply power_pos|exact Hg].
    - assert (Hle : power a p <= power a0 p) by (apply power_le; lra).
      apply Rmult_le_compat_l with (r := mu) in Hle; [|exact Hmu].
      assert (p * (1 / 2) <= p * (1 - u)) by (apply Rmult_le_compat_l; lra); lra. }
  apply Rle_trans with (power a (- p) * (1 + p * (1 - u))); [|apply Rmult_le_compat_l; lra].
  apply Rmult_le_compat_l with (r := power a (- p)) in Hmain; [|lra].
  replace (power a (- p) * (mu * power a p)) with (mu * (power a p * power a (- p))) in Hmain
    by ring.
  rewrite Einv in Hmain; lra.
Qed.

(* Exponent above 1/2: a_K <= (K mu)^(-1/(2 theta - 1)), for any mu > 0 that is small enough. *)
Theorem exponent_above_half : forall (a : nat -> R) kappa theta mu K,
  1 / 2 < theta -> 0 < mu -> (0 < K)%nat ->
  (forall k, (k < K)%nat -> a (S k) <= a k) ->
  (forall k, (k < K)%nat -> 0 < a (S k) ->
     power (a (S k)) (2 * theta) <= kappa * (a k - a (S k))) ->
  mu * (kappa * power 2 (2 * theta)) <= 2 * theta - 1 ->
  mu * (2 * power (a O) (2 * theta - 1)) <= 2 * theta - 1 ->
  a K <= power (INR K * mu) (- / (2 * theta - 1)).
Proof.
  intros a kappa theta mu K Hth Hmu HK Hmono Hgap Hmu1 Hmu2.
  destruct (Rle_dec (a K) 0) as [H|H];
    [apply Rle_trans with 0; [exact H|left; apply power_pos]|].
  set (p := 2 * theta - 1) in *; assert (Hp : 0 < p) by (unfold p; lra).
  replace (2 * theta) with (p + 1) in * by (unfold p; ring).
  assert (Hdown : forall k, (k <= K)%nat -> a K <= a k /\ a k <= a O).
  { assert (Hto : forall k, (k <= K)%nat -> a k <= a O).
    { induction k as [|k IH]; intros Hk; [lra|].
      assert (a (S k) <= a k) by (apply Hmono; lia); assert (a k <= a O) by (apply IH; lia); lra. }
    assert (Hfrom : forall j, (j <= K)%nat -> a K <= a (K - j)%nat).
    { induction j as [|j IH]; intros Hj; [rewrite Nat.sub_0_r; lra|].
      assert (a (S (K - S j)) <= a (K - S j)%nat) by (apply Hmono; lia).
      replace (S (K - S j)) with (K - j)%nat in H0 by lia.
      assert (a K <= a (K - j)%nat) by (apply IH; lia); lra. }
    intros k Hk; split; [|apply Hto; exact Hk].
    replace k with (K - (K - k))%nat by lia; apply Hfrom; lia. }
  assert (Hgrow : forall k, (k <= K)%nat -> INR k * mu <= power (a k) (- p)).
  { induction k as [|k IH]; intros Hk; [simpl; rewrite Rmult_0_l; left; apply power_pos|].
    rewrite S_INR.
    apply Rle_trans with (power (a k) (- p) + mu);
      [assert (INR k * mu <= power (a k) (- p)) by (apply IH; lia); lra|].
    destruct (Hdown k ltac:(lia)), (Hdown (S k) Hk).
    apply gap_grows with (a O) kappa; try lra; [apply Hmono; lia|apply Hgap; [lia|lra]]. }
  pose proof (Hgrow K (le_n K)) as HG.
  assert (Hpos : 0 < INR K * mu) by (apply Rmult_lt_0_compat; [apply lt_0_INR; exact HK|exact Hmu]).
  assert (Hi : 0 < / p) by (apply Rinv_0_lt_compat; exact Hp).
  (* a_K^p <= 1/(K mu), then the power 1/p *)
  assert (HG' : power (a K) p <= / (INR K * mu)).
  { rewrite <- (Rinv_inv (power (a K) p)), <- power_opp.
    apply Rinv_le_contravar; assumption. }
  apply power_le with (p := / p) in HG'; [|apply power_pos|lra].
  rewrite power_power, Rinv_r, power_1 in HG' by lra.
  rewrite power_opp.
  apply Rle_trans with (1 := HG'); right.
  rewrite <- power_opp, <- (power_1 (/ (INR K * mu))), <- (power_1 (INR K * mu)) at 1
    by (try apply Rinv_0_lt_compat; assumption).
  rewrite <- power_opp, !power_power; f_equal; ring.
Qed.

(* The hypotheses can be met: the run 2^-k of kl.v for x^2, which has the exponent 1/2, ... *)
Lemma ex_x_lojasiewicz : forall k, power (ex_x k ^ 2 - 0) (1 / 2) <= 1 / 2 * (2 * ex_x k).
Proof.
  intros k; pose proof (ex_x_pos k); rewrite Rminus_0_r, power_half by (apply pow_lt; lra).
  rewrite sqrt_pow2; lra.
Qed.

Lemma lojasiewicz_converges_used : exists l : R, filterlim ex_x eventually (locally l).
Proof.
  apply (lojasiewicz_converges R_CompleteNormedModule ex_x (fun k => ex_x k ^ 2)
           (step (V := R_NormedModule) ex_x) (fun k => 2 * ex_x (S k)) 0 3 0 2 0 0 (1 / 2) (1 / 2));
    try lra; intros.
  - apply ex_x_descent.
  - apply Rle_refl.
  - apply pow2_ge_0.
  - apply ex_x_lojasiewicz.
Qed.

Lemma one_sweep_gap_used : forall k,
  power (ex_x (S k) ^ 2 - 0) (2 * (1 / 2))
    <= (1 / 2) ^ 2 * 2 ^ 2 / 3 * (ex_x k ^ 2 - ex_x (S k) ^ 2).
Proof.
  intros k; apply one_sweep_gap with (step (V := R_NormedModule) ex_x k) (2 * ex_x (S k));
    [lra|apply ex_x_descends|apply ex_x_slope|apply pow_lt, ex_x_pos|apply ex_x_lojasiewicz].
Qed.

Lemma three_sweep_gap_used : forall k,
  power (ex_x (S (S (S k))) ^ 2 - 0) (2 * (1 / 2))
    <= (1 / 2) ^ 2 * (0 + 2 + 0) ^ 2 / 3 * (ex_x k ^ 2 - ex_x (S (S (S k))) ^ 2).
Proof.
  intros k.
  apply (three_sweep_gap (fun j => ex_x j ^ 2) (step (V := R_NormedModule) ex_x)
           (fun j => 2 * ex_x (S j)) 0); try lra;
    [apply ex_x_descent|apply pow_lt, ex_x_pos|apply ex_x_lojasiewicz].
Qed.

Lemma exponent_up_to_half_used : forall K,
  let kappa1 := 1 / 3 * power (ex_x O ^ 2) (1 - 2 * (1 / 2)) in
  0 <= kappa1 / (1 + kappa1) < 1 /\ ex_x K ^ 2 <= (kappa1 / (1 + kappa1)) ^ K * ex_x O ^ 2.
Proof.
  intros K; apply (exponent_up_to_half (fun k => ex_x k ^ 2)); try lra; intros.
  - apply pow2_ge_0.
  - rewrite ex_x_next; pose proof (pow2_ge_0 (ex_x k)); lra.
  - replace (2 * (1 / 2)) with 1 by lra; rewrite power_1 by assumption.
    rewrite ex_x_next; lra.
Qed.

(* ... the gaps 3, 2, 1 for the exponent 0, and 1/(k+1) for the exponent 1. *)
Lemma exponent_zero_used : INR 2 <= 1 * ((3 - INR O) - (3 - INR 2)).
Proof.
  apply (exponent_zero (fun k => 3 - INR k)); intros; try rewrite S_INR; try lra.
  simpl; lra.
Qed.

Lemma exponent_above_half_used : forall K, (0 < K)%nat ->
  / INR (S K) <= power (INR K * (1 / 4)) (- / (2 * 1 - 1)).
Proof.
  intros K HK.
  assert (Hpos : forall k, 0 < INR (S k)) by (intros; apply lt_0_INR; lia).
  apply (exponent_above_half (fun k => / INR (S k)) 1 1 (1 / 4)); try lra; try exact HK.
  - intros k _; apply Rinv_le_contravar; [apply Hpos|rewrite (S_INR (S k)); lra].
  - intros k _ _; replace (2 * 1) with (INR 2) by (simpl; ring).
    rewrite power_INR by (apply Rinv_0_lt_compat, Hpos).
    pose proof (Hpos k); rewrite (S_INR (S k)); set (n := INR (S k)) in *.
    apply Rmult_le_reg_l with (n * (n + 1) ^ 2);
      [apply Rmult_lt_0_compat; [lra|apply pow_lt; lra]|].
    replace (n * (n + 1) ^ 2 * (/ (n + 1)) ^ 2) with n by (field; lra).
    replace (n * (n + 1) ^ 2 * (1 * (/ n - / (n + 1)))) with (n + 1) by (field; lra).
    lra.
  - replace (2 * 1) with (INR 2) by (simpl; ring); rewrite power_INR by lra; simpl; lra.
  - replace (2 * 1 - 1) with 1 by ring; rewrite power_1; simpl; lra.
Qed.
