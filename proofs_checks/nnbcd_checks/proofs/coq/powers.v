(* Real powers, on the standard axioms of the reals alone.

   power x p is x^p for x > 0 and any real p: exp (p log x).  The library's own Rpower rests, by
   way of its logarithm, on the law of excluded middle for every proposition, which these proofs
   do without; so exp is taken from the library, and the logarithm is found here as the number
   whose exponential is x, by the intermediate value theorem.  exponents.v uses the inequalities
   of Bernoulli at the end.  No claim of a certificate rests on this file alone. *)

From Coq Require Import Reals Lra Lia Psatz.
From NNBCD Require Import sums.
Open Scope R_scope.

Lemma bernoulli_pow : forall h n, -1 <= h -> 1 + INR n * h <= (1 + h) ^ n.
Proof.
  intros h n Hh; induction n as [|n IH]; [simpl; lra|].
  rewrite S_INR; simpl; apply Rmult_le_compat_l with (r := 1 + h) in IH; [|lra].
  pose proof (Rmult_le_pos _ _ (pos_INR n) (pow2_ge_0 h)).
  replace ((1 + h) * (1 + INR n * h)) with (1 + (INR n + 1) * h + INR n * h ^ 2) in IH by ring.
  lra.
Qed.

Lemma exp_times : forall n h, exp (INR n * h) = exp h ^ n.
Proof.
  intros n h; induction n as [|n IH]; [simpl; rewrite Rmult_0_l; apply exp_0|].
  rewrite S_INR, Rmult_plus_distr_r, Rmult_1_l, exp_plus, IH; simpl; ring.
Qed.

Lemma some_multiple_exceeds : forall m y, 0 < m -> exists n, y < INR n * m.
Proof.
  intros m y Hm; destruct (archimed (Rabs y / m)) as [Hup _].
  assert (H0 : 0 <= Rabs y / m)
    by (apply Rmult_le_pos; [apply Rabs_pos|left; apply Rinv_0_lt_compat; exact Hm]).
  exists (Z.to_nat (up (Rabs y / m))).
  rewrite INR_IZR_INZ, Z2Nat.id by (apply le_IZR; lra).
  apply Rmult_gt_compat_r with (r := m) in Hup; [|exact Hm].
  replace (Rabs y / m * m) with (Rabs y) in Hup by (field; lra).
  pose proof (Rle_abs y); lra.
Qed.

(* From the derivative at 0 alone: 1 + h - eps |h| <= exp h for small h, and exp x is the n-th
   power of exp (x/n). *)
Lemma exp_above_line : forall x, 1 + x <= exp x.
Proof.
  intros x; apply le_epsilon; intros eps0 Heps0.
  set (eps := Rmin 1 (eps0 / (Rabs x + 1))).
  assert (Habs : 0 <= Rabs x) by apply Rabs_pos.
  assert (Heps : 0 < eps)
    by (unfold eps; apply Rmin_glb_lt; [lra|apply Rdiv_lt_0_compat; lra]).
  destruct (derivable_pt_lim_exp_0 eps Heps) as [delta Hdelta].
  assert (Hdpos := cond_pos delta).
  assert (Hm : 0 < Rmin delta (1 / 2)) by (apply Rmin_glb_lt; lra).
  destruct (some_multiple_exceeds (Rmin delta (1 / 2)) (Rabs x) Hm) as [n Hn].
  assert (Hnpos : 0 < INR n).
  { apply Rnot_le_lt; intros H.
    assert (INR n * Rmin delta (1 / 2) <= 0 * Rmin delta (1 / 2))
      by (apply Rmult_le_compat_r; lra); lra. }
  set (h := x / INR n).
  assert (Ex : x = INR n * h) by (unfold h; field; lra).
  assert (Hh : Rabs h < Rmin delta (1 / 2)).
  { apply Rmult_lt_reg_l with (INR n); [exact Hnpos|].
    replace (INR n * Rabs h) with (Rabs x)
      by (rewrite Ex, Rabs_mult, (Rabs_pos_eq (INR n)); lra).
    exact Hn. }
  assert (Hh1 : Rabs h < delta) by (apply Rlt_le_trans with (1 := Hh), Rmin_l).
  assert (Hh2 : Rabs h < 1 / 2) by (apply Rlt_le_trans with (1 := Hh), Rmin_r).
  assert (Heps1 : eps <= 1) by apply Rmin_l.
  assert (Hexp : 1 + (h - eps * Rabs h) <= exp h).
  { destruct (Req_dec h 0) as [E|E]; [rewrite E, exp_0, Rabs_R0; lra|].
    specialize (Hdelta h E Hh1); rewrite Rplus_0_l, exp_0 in Hdelta.
    assert (Hquot : Rabs (exp h - 1 - h) < eps * Rabs h).
    { replace (exp h - 1 - h) with (((exp h - 1) / h - 1) * h) by (field; exact E).
      rewrite Rabs_mult; apply Rmult_lt_compat_r; [apply Rabs_pos_lt; exact E|exact Hdelta]. }
    apply Rabs_def2 in Hquot; lra. }
  assert (Hlow : -1 <= h - eps * Rabs h).
  { assert (eps * Rabs h <= 1 * Rabs h) by (apply Rmult_le_compat_r; [apply Rabs_pos|exact Heps1]).
    pose proof (Rabs_def2 _ _ Hh2); lra. }
  pose proof (bernoulli_pow (h - eps * Rabs h) n Hlow) as HB.
  assert (Hpow : (1 + (h - eps * Rabs h)) ^ n <= exp h ^ n) by (apply pow_incr; lra).
  rewrite <- exp_times, <- Ex in Hpow.
  replace (INR n * (h - eps * Rabs h)) with (x - eps * Rabs x) in HB
    by (rewrite Ex at 2; rewrite Rabs_mult, (Rabs_pos_eq (INR n)), Ex by lra; ring).
  assert (He : eps * Rabs x <= eps0).
  { apply Rle_trans with (eps0 / (Rabs x + 1) * (Rabs x + 1)).
    - apply Rmult_le_compat; [lra|exact Habs|apply Rmin_r|lra].
    - right; field; lra. }
  lra.
Qed.

Lemma exp_le : forall x y, x <= y -> exp x <= exp y.
Proof.
  intros x y H; replace y with (y - x + x) by ring; rewrite exp_plus.
  pose proof (exp_above_line (y - x)); pose proof (exp_pos x).
  rewrite <- (Rmult_1_l (exp x)) at 1; apply Rmult_le_compat_r; lra.
Qed.

Lemma exp_injective : forall x y, exp x = exp y -> x = y.
Proof.
  assert (H : forall x y, exp x = exp y -> x <= y).
  { intros x y E; replace x with (x - y + y) in E by ring; rewrite exp_plus in E.
    pose proof (exp_above_line (x - y)); pose proof (exp_pos y).
    assert (exp (x - y) = 1) by (apply Rmult_eq_reg_r with (exp y); lra); lra. }
  intros x y E; apply Rle_antisym; apply H; [exact E|symmetry; exact E].
Qed.

Lemma log_exists : forall x, 0 < x -> { y | exp y = x }.
Proof.
  intros x Hx.
  assert (Hi : 0 < / x) by (apply Rinv_0_lt_compat; exact Hx).
  destruct (IVT (fun y => exp y - x) (- / x) x) as [y [_ Hy]].
  - apply continuity_minus; [apply derivable_continuous, derivable_exp|].
    apply continuity_const; intros ? ?; reflexivity.
  - lra.
  - (* exp(-1/x) <= 1/(1 + 1/x) < x *)
    rewrite exp_Ropp; pose proof (exp_above_line (/ x)).
    assert (/ exp (/ x) <= / (1 + / x)) by (apply Rinv_le_contravar; lra).
    assert (/ (1 + / x) < x).
    { apply Rmult_lt_reg_r with (1 + / x); [lra|].
      rewrite Rinv_l by lra.
      replace (x * (1 + / x)) with (x + 1) by (field; lra); lra. }
    lra.
  - pose proof (exp_above_line x); lra.
  - exists y; lra.
Qed.

Definition log (x : R) : R :=
  match Rlt_dec 0 x with left H => proj1_sig (log_exists x H) | right _ => 0 end.

Definition power (x p : R) : R := exp (p * log x).

Lemma exp_log : forall x, 0 < x -> exp (log x) = x.
Proof.
  intros x Hx; unfold log; destruct (Rlt_dec 0 x) as [H|H]; [|contradiction].
  apply (proj2_sig (log_exists x H)).
Qed.

Lemma log_mult : forall x y, 0 < x -> 0 < y -> log (x * y) = log x + log y.
Proof.
  intros x y Hx Hy; apply exp_injective.
  rewrite exp_plus, !exp_log; try assumption; [reflexivity|apply Rmult_lt_0_compat; assumption].
Qed.

Lemma log_le : forall x y, 0 < x -> x <= y -> log x <= log y.
Proof.
  intros x y Hx H; apply Rnot_lt_le; intros Hlt.
  pose proof (exp_le _ _ (Rlt_le _ _ Hlt)) as He; rewrite !exp_log in He by lra.
  replace y with x in Hlt by lra; lra.
Qed.

Lemma power_pos : forall x p, 0 < power x p.
Proof. intros; apply exp_pos. Qed.

Lemma power_0 : forall x, power x 0 = 1.
Proof. intros; unfold power; rewrite Rmult_0_l; apply exp_0. Qed.

Lemma power_1 : forall x, 0 < x -> power x 1 = x.
Proof. intros; unfold power; rewrite Rmult_1_l; apply exp_log; assumption. Qed.

Lemma power_of_1 : forall p, power 1 p = 1.
Proof.
  intros; unfold power; replace (log 1) with 0; [rewrite Rmult_0_r; apply exp_0|].
  apply exp_injective; rewrite exp_log by lra; apply exp_0.
Qed.

Lemma power_plus : forall x p q, power x (p + q) = power x p * power x q.
Proof. intros; unfold power; rewrite Rmult_plus_distr_r; apply exp_plus. Qed.

Lemma power_mult : forall x y p, 0 < x -> 0 < y -> power (x * y) p = power x p * power y p.
Proof.
  intros; unfold power; rewrite log_mult, Rmult_plus_distr_l by assumption; apply exp_plus.
Qed.

Lemma power_power : forall x p q, power (power x p) q = power x (p * q).
Proof.
  intros; unfold power at 1 3; f_equal.
  replace (log (power x p)) with (p * log x); [ring|].
  apply exp_injective; rewrite exp_log by apply power_pos; reflexivity.
Qed.

Lemma power_le : forall x y p, 0 < x -> x <= y -> 0 <= p -> power x p <= power y p.
Proof.
  intros; apply exp_le, Rmult_le_compat_l; [assumption|apply log_le; assumption].
Qed.

Lemma power_opp : forall x p, power x (- p) = / power x p.
Proof. intros; unfold power; rewrite Ropp_mult_distr_l_reverse; apply exp_Ropp. Qed.

(* On whole exponents it is the usual power. *)
Lemma power_INR : forall x n, 0 < x -> power x (INR n) = x ^ n.
Proof. intros x n Hx; unfold power; rewrite exp_times, exp_log by exact Hx; reflexivity. Qed.

(* Bernoulli: x^q is below its tangent at 1 for 0 <= q <= 1, and x^(-p) above for p >= 0. *)
Lemma bernoulli_below : forall x q, 0 < x -> 0 <= q <= 1 -> power x q <= 1 + q * (x - 1).
Proof.
  intros x q Hx Hq; unfold power; set (y := log x).
  replace x with (exp y) by (apply exp_log; exact Hx).
  (* with z = exp (q y): exp y = z exp ((1-q) y) and 1 = z exp (-q y) *)
  set (z := exp (q * y)); assert (Hz : 0 < z) by apply exp_pos.
  assert (E1 : exp y = z * exp ((1 - q) * y)) by (unfold z; rewrite <- exp_plus; f_equal; ring).
  assert (E2 : 1 = z * exp (- q * y))
    by (unfold z; rewrite <- exp_plus, <- exp_0; f_equal; ring).
  assert (H1 : q * (z * (1 + (1 - q) * y)) <= q * exp y).
  { rewrite E1; apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat_l; [lra|].
    apply exp_above_line. }
  assert (H2 : (1 - q) * (z * (1 + - q * y)) <= (1 - q) * 1).
  { replace ((1 - q) * 1) with ((1 - q) * (z * exp (- q * y))) by (rewrite <- E2; ring).
    apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat_l; [lra|].
    apply exp_above_line. }
  lra.
Qed.

Lemma bernoulli_above : forall x p, 0 < x -> 0 <= p -> 1 + p * (1 - x) <= power x (- p).
Proof.
  intros x p Hx Hp; pose proof (exp_above_line (- p * log x)) as H.
  pose proof (exp_above_line (log x)) as Hl; rewrite exp_log in Hl by exact Hx.
  assert (p * log x <= p * (x - 1)) by (apply Rmult_le_compat_l; lra).
  unfold power; lra.
Qed.
