(* From N blocks to convergence: sweep.v, kl.v and o1.v put together.

   A run is what kl.v calls one: steps, decreases and subgradients of an endless sequence of
   sweeps.  The theorems here say that blocks that satisfy the hypotheses of sweep.v make a run,
   that its subgradients tend to 0, that the iterates converge where the Kurdyka-Lojasiewicz
   inequality holds, and that the limit is critical where the subdifferential is closed.

   Serves the claim "the iterates converge to a critical point".  Not claimed: what kl.v does not
   claim, and that a network's subdifferential is closed (it is, along points whose objective
   converges to that of the limit). *)

From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From NNBCD Require Import sums rate sweep kl o1.
Open Scope R_scope.

(* Exact block minimisation is a run with relative error B, ... *)
Theorem blocks_run :
  forall (v delta lamb g : nat -> nat -> R) (M : nat -> nat -> nat -> R) lam B P N,
  (forall k, v (S k) O <= v k N) ->
  (forall k i, (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\ lamb k i * delta k i ^ 2 <= v k i - v k (S i)) ->
  (forall k, bounds B (M k) P N) ->
  (forall k p, (p < P)%nat -> 0 <= g k p <= apply_to (M k) (delta k) N p) ->
  descends (fun k => v k O) (fun k => size (delta k) N) (fun k => size (g k) P) 0 lam 0 B 0.
Proof.
  intros v delta lamb g M lam B P N Hv Hdec HB Hg; split; [|split]; intros k.
  - apply size_nonneg.
  - pose proof (Hv k).
    assert (lam * size (delta k) N ^ 2 <= v k O - v k N)
      by (apply sweep_descends with (lamb k); intros i Hi; apply (Hdec k i Hi)).
    lra.
  - split; [apply size_nonneg|].
    rewrite Rmult_0_l, Rmult_0_l, Rplus_0_l, Rplus_0_r.
    apply Rle_trans with (size (apply_to (M k) (delta k) N) P);
      [apply size_le; intros p Hp; apply Hg; exact Hp|].
    apply HB; intros q Hq; apply (Hdec k q Hq).
Qed.

(* ... inexact block minimisation one with lam - theta and B + theta, ... *)
Theorem inexact_blocks_run :
  forall (v delta lamb g r : nat -> nat -> R) (M : nat -> nat -> nat -> R) lam theta B N,
  0 <= theta ->
  (forall k, v (S k) O <= v k N) ->
  (forall k i, (i < N)%nat ->
     0 <= delta k i /\ 0 <= r k i <= theta * delta k i /\ lam <= lamb k i /\
     lamb k i * delta k i ^ 2 - r k i * delta k i <= v k i - v k (S i)) ->
  (forall k, bounds B (M k) N N) ->
  (forall k p, (p < N)%nat -> 0 <= g k p <= apply_to (M k) (delta k) N p + r k p) ->
  descends (fun k => v k O) (fun k => size (delta k) N) (fun k => size (g k) N) 0
    (lam - theta) 0 (B + theta) 0.
Proof.
  intros v delta lamb g r M lam theta B N Hth Hv Hdec HB Hg; split; [|split]; intros k.
  - apply size_nonneg.
  - pose proof (Hv k).
    assert ((lam - theta) * size (delta k) N ^ 2 <= v k O - v k N).
    { apply sweep_descends with (fun i => lamb k i - theta); intros i Hi.
      destruct (Hdec k i Hi) as [Hd [[_ Hr] [Hl Hdec1]]]; split; [lra|].
      pose proof (Rmult_le_compat_r _ _ _ Hd Hr).
      replace ((lamb k i - theta) * delta k i ^ 2)
        with (lamb k i * delta k i ^ 2 - theta * delta k i * delta k i) by ring.
      lra. }
    lra.
  - split; [apply size_nonneg|].
    rewrite Rmult_0_l, Rmult_0_l, Rplus_0_l, Rplus_0_r.
    apply Rle_trans with (B * size (delta k) N + size (r k) N).
    + apply sweep_relative_error with (M k);
        [apply HB|intros q Hq; apply (Hdec k q Hq)|intros p Hp; apply Hg; exact Hp].
    + rewrite Rmult_plus_distr_r, <- (size_scal theta) by exact Hth.
      apply Rplus_le_compat_l, size_le; intros i Hi; apply (Hdec k i Hi).
Qed.

(* ... exact projections without a proximal term one whose error looks one sweep ahead, ... *)
Theorem two_step_blocks_run :
  forall (v delta lamb g : nat -> nat -> R) (M1 M2 : nat -> nat -> nat -> R) lam B1 B2 P N,
  (forall k, v (S k) O <= v k N) ->
  (forall k i, (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\ lamb k i * delta k i ^ 2 <= v k i - v k (S i)) ->
  (forall k, bounds B1 (M1 k) P N /\ bounds B2 (M2 k) P N) ->
  (forall k p, (p < P)%nat ->
     0 <= g k p <= apply_to (M1 k) (delta k) N p + apply_to (M2 k) (delta (S k)) N p) ->
  descends (fun k => v k O) (fun k => size (delta k) N) (fun k => size (g k) P) 0 lam 0 B1 B2.
Proof.
  intros v delta lamb g M1 M2 lam B1 B2 P N Hv Hdec HB Hg; split; [|split]; intros k.
  - apply size_nonneg.
  - pose proof (Hv k).
    assert (lam * size (delta k) N ^ 2 <= v k O - v k N)
      by (apply sweep_descends with (lamb k); intros i Hi; apply (Hdec k i Hi)).
    lra.
  - split; [apply size_nonneg|]; rewrite Rmult_0_l, Rplus_0_l.
    apply Rle_trans with
      (B1 * size (delta k) N + size (apply_to (M2 k) (delta (S k)) N) P).
    + apply sweep_relative_error with (M1 k);
        [apply HB|intros q Hq; apply (Hdec k q Hq)|intros p Hp; apply Hg; exact Hp].
    + apply Rplus_le_compat_l, HB; intros q Hq; apply (Hdec (S k) q Hq).
Qed.

(* ... and extrapolation one whose error looks one sweep back. *)
Theorem momentum_run : forall (L d e g beta : nat -> R) del b betamax,
  0 <= b ->
  (forall k, 0 <= d k /\ beta k <= betamax) ->
  (forall k, del * d k ^ 2 <= L k - L (S k)) ->
  e O <= d O ->
  (forall k, e (S k) <= d (S k) + beta (S k) * d k) ->
  (forall k, 0 <= g k <= b * e k) ->
  descends L d g 0 del (b * betamax) b 0.
Proof.
  intros L d e g beta del b betamax Hb Hd Hdec He0 He Hg; split; [|split]; intros k.
  - apply Hd.
  - apply Hdec.
  - destruct (Hg k) as [H0 H1]; split; [exact H0|].
    apply Rle_trans with (b * e k); [exact H1|].
    replace (b * betamax * before 0 d k + b * d k + 0 * d (S k))
      with (b * (d k + betamax * before 0 d k)) by ring.
    apply Rmult_le_compat_l; [exact Hb|]; destruct k as [|k]; simpl; [lra|].
    destruct (Hd k) as [Hdk _]; destruct (Hd (S k)) as [_ Hbk].
    pose proof (He k); pose proof (Rmult_le_compat_r _ _ _ Hdk Hbk); lra.
Qed.

(* The steps and the subgradients of a run tend to 0, with L bounded below. *)
Theorem run_stops : forall L d g start lam b0 b1 b2 Linf,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 ->
  descends L d g start lam b0 b1 b2 -> (forall k, Linf <= L k) ->
  Un_cv d 0 /\ Un_cv g 0.
Proof.
  intros L d g start lam b0 b1 b2 Linf Hlam H0 H1 H2 [Hd [Hdec Hg]] Hinf.
  assert (Hdlim : Un_cv d 0).
  { apply (rate_best_is_o L d d lam 1 Linf); try assumption.
    intros k; pose proof (Hd k); lra. }
  split; [exact Hdlim|]; intros eps Heps.
  set (b := b0 + b1 + b2 + 1).
  destruct (Hdlim (eps / b)) as [N HN]; [apply Rdiv_lt_0_compat; unfold b; lra|].
  exists (S N); intros n Hn; unfold R_dist in *; rewrite Rminus_0_r.
  assert (Hsmall : forall k, (N <= k)%nat -> 0 <= d k <= eps / b).
  { intros k Hk; specialize (HN k Hk); rewrite Rminus_0_r in HN; apply Rabs_def2 in HN.
    pose proof (Hd k); lra. }
  destruct n as [|n]; [lia|]; destruct (Hg (S n)) as [Hg0 Hg1]; simpl in Hg1.
  pose proof (Hsmall n ltac:(lia)) as S0; pose proof (Hsmall (S n) ltac:(lia)) as S1.
  pose proof (Hsmall (S (S n)) ltac:(lia)) as S2.
  rewrite Rabs_pos_eq by exact Hg0.
  assert (b0 * d n <= b0 * (eps / b)) by (apply Rmult_le_compat_l; lra).
  assert (b1 * d (S n) <= b1 * (eps / b)) by (apply Rmult_le_compat_l; lra).
  assert (b2 * d (S (S n)) <= b2 * (eps / b)) by (apply Rmult_le_compat_l; lra).
  assert (E : eps = b * (eps / b)) by (unfold b; field; lra).
  assert (0 < eps / b) by (apply Rdiv_lt_0_compat; unfold b; lra).
  rewrite E; unfold b at 1; lra.
Qed.

(* So a limit of the iterates is critical, if u_k, a subgradient at x_{k+1}, has length at most
   g_k, and the subdifferential sub is closed: limits of subgradients are subgradients at the
   limit. *)
Theorem limit_is_critical :
  forall (V : NormedModule R_AbsRing) (sub : V -> V -> Prop) (x u : nat -> V) (l : V)
    L d g start lam b0 b1 b2 Linf,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 ->
  descends L d g start lam b0 b1 b2 -> (forall k, Linf <= L k) ->
  (forall k, sub (x (S k)) (u k) /\ norm (u k) <= g k) ->
  ((forall n, sub (x (S n)) (u n)) ->
   filterlim (fun n => x (S n)) eventually (locally l) ->
   filterlim u eventually (locally (zero : V)) -> sub l zero) ->
  filterlim x eventually (locally l) ->
  sub l zero.
Proof.
  intros V sub x u l L d g start lam b0 b1 b2 Linf Hlam H0 H1 H2 Hrun Hinf Hu Hclosed Hl.
  destruct (run_stops L d g start lam b0 b1 b2 Linf) as [_ Hg]; try assumption.
  apply Hclosed; [intros; apply Hu| |].
  - intros Q HQ; destruct (Hl Q HQ) as [N HN]; exists N; intros n Hn; apply HN; lia.
  - intros Q HQ; apply locally_norm_le_locally in HQ; destruct HQ as [eps Heps].
    destruct (Hg eps (cond_pos eps)) as [N HN]; exists N; intros n Hn; apply Heps.
    unfold ball_norm; rewrite minus_zero_r.
    specialize (HN n Hn); unfold R_dist in HN; rewrite Rminus_0_r in HN.
    apply Rle_lt_trans with (g n); [apply Hu|].
    apply Rle_lt_trans with (Rabs (g n)); [apply Rle_abs|exact HN].
Qed.

(* Block minimisation converges under the Kurdyka-Lojasiewicz inequality.  The norm of the
   space may be any that the blocks' steps bound, above all the Euclidean one of the product of
   the blocks. *)
Theorem blocks_converge :
  forall (V : CompleteNormedModule R_AbsRing) (x : nat -> V)
    (v delta lamb g : nat -> nat -> R) (M : nat -> nat -> nat -> R) lam B P N phi dphi eta Lstar,
  0 < lam -> 0 <= B ->
  (forall k, v (S k) O <= v k N) ->
  (forall k i, (i < N)%nat ->
     0 <= delta k i /\ lam <= lamb k i /\ lamb k i * delta k i ^ 2 <= v k i - v k (S i)) ->
  (forall k, bounds B (M k) P N) ->
  (forall k p, (p < P)%nat -> 0 <= g k p <= apply_to (M k) (delta k) N p) ->
  (forall k, step x k <= size (delta k) N) ->
  (forall k, Lstar <= v (S k) O) -> v 1%nat O - Lstar < eta ->
  desingularizes phi dphi eta ->
  (forall k, Lstar < v (S k) O -> 1 <= dphi (v (S k) O - Lstar) * size (g k) P) ->
  (forall n, total (fun k => size (delta k) N) n
             <= 2 * size (delta O) N + B / lam * phi (v 1%nat O - Lstar)) /\
  exists l, filterlim x eventually (locally l).
Proof.
  intros V x v delta lamb g M lam B P N phi dphi eta Lstar
    Hlam HB0 Hv Hdec HB Hg Hstep HL Heta Hphi Hkl.
  pose proof (blocks_run v delta lamb g M lam B P N Hv Hdec HB Hg) as Hrun.
  destruct (kl_finite_length_converges V x (fun k => v k O) (fun k => size (delta k) N)
              (fun k => size (g k) P) phi dphi eta Lstar lam 0 B 0 0) as [Hlen Hlim];
    try assumption; try lra.
  split; [|exact Hlim]; intros n; pose proof (Hlen n) as H.
  rewrite Rplus_0_l, Rplus_0_r, Rplus_0_l in H; exact H.
Qed.

(* Products of complete modules, with the Euclidean norm, are complete: so R^n and any product of
   finitely many blocks are spaces as these theorems want them. *)
Section Product.
Context {K : AbsRing} (U V : CompleteNormedModule K).

Definition product_lim (F : (U * V -> Prop) -> Prop) : U * V :=
  (lim (fun P => F (fun z => P (fst z))), lim (fun P => F (fun z => P (snd z)))).

Lemma product_lim_ball : forall F : (prod_UniformSpace U V -> Prop) -> Prop,
  ProperFilter F -> cauchy F -> forall eps : posreal, F (ball (product_lim F) eps).
Proof.
  intros F HF Hc eps.
  assert (H1 : F (fun z => ball (lim (fun P => F (fun z => P (fst z)))) eps (fst z))).
  { apply (complete_cauchy (fun P => F (fun z => P (fst z))));
      [apply (filtermap_proper_filter _ _ fst F HF)|].
    intros e; destruct (Hc e) as [z Hz]; exists (fst z).
    apply filter_imp with (2 := Hz); intros y Hy; apply Hy. }
  assert (H2 : F (fun z => ball (lim (fun P => F (fun z => P (snd z)))) eps (snd z))).
  { apply (complete_cauchy (fun P => F (fun z => P (snd z))));
      [apply (filtermap_proper_filter _ _ snd F HF)|].
    intros e; destruct (Hc e) as [z Hz]; exists (snd z).
    apply filter_imp with (2 := Hz); intros y Hy; apply Hy. }
  apply filter_imp with (2 := filter_and _ _ H1 H2); intros y Hy; exact Hy.
Qed.

Lemma product_lim_close : forall F1 F2 : (prod_UniformSpace U V -> Prop) -> Prop,
  filter_le F1 F2 -> filter_le F2 F1 ->
  close (product_lim F1 : prod_UniformSpace U V) (product_lim F2).
Proof.
  intros F1 F2 H12 H21 eps; split.
  - refine (close_lim (fun P : U -> Prop => F1 (fun z => P (fst z)))
              (fun P => F2 (fun z => P (fst z))) _ _ eps); intros P; [apply H12|apply H21].
  - refine (close_lim (fun P : V -> Prop => F1 (fun z => P (snd z)))
              (fun P => F2 (fun z => P (snd z))) _ _ eps); intros P; [apply H12|apply H21].
Qed.

Definition product : CompleteNormedModule K :=
  CompleteNormedModule.Pack K (U * V)
    (CompleteNormedModule.Class K (U * V)
       (NormedModule.class K (prod_NormedModule K U V))
       (CompleteSpace.Mixin (prod_UniformSpace U V)
          product_lim product_lim_ball product_lim_close))
    (U * V).

End Product.

(* R^(n+1). *)
Fixpoint space (n : nat) : CompleteNormedModule R_AbsRing :=
  match n with
  | O => R_CompleteNormedModule
  | S m => product R_CompleteNormedModule (space m)
  end.

(* The hypotheses can be met: the two blocks of sweep.v, in R^2. *)
Definition ex_xy (k : nat) : space 1 := (2 * / 4 ^ k, / 4 ^ k).

Lemma ex_xy_step : forall k, step ex_xy k <= size (ex_delta k) 2.
Proof.
  intros k.
  change (sqrt (Rabs (2 * / 4 ^ S k + - (2 * / 4 ^ k)) ^ 2
                + Rabs (/ 4 ^ S k + - / 4 ^ k) ^ 2)
          <= sqrt (0 + ex_delta k 0 ^ 2 + ex_delta k 1 ^ 2)).
  rewrite !pow2_abs; unfold ex_delta; simpl (4 ^ S k); rewrite Rinv_mult.
  right; f_equal; field; apply pow_nonzero; lra.
Qed.

Lemma ex_v_above : forall k, 0 < ex_v k O.
Proof.
  intros k; unfold ex_v; apply Rmult_lt_0_compat; [lra|apply pow_lt, ex_step_nonneg].
Qed.

(* x^2 + y^2 - x y has the exponent 1/2: at (2 y, y) its value is 3 y^2, its gradient (3 y, 0). *)
Lemma ex_v_kl : forall k, 1 <= 2 / (2 * sqrt (ex_v (S k) O - 0)) * size (ex_g k) 2.
Proof.
  intros k; pose proof (ex_step_nonneg (S k)) as Hy.
  replace (size (ex_g k) 2) with (3 * / 4 ^ S k).
  - assert (Hr : sqrt (ex_v (S k) O - 0) = sqrt 3 * / 4 ^ S k).
    { unfold ex_v; rewrite Rminus_0_r, sqrt_mult_alt by lra; rewrite sqrt_pow2 by lra.
      reflexivity. }
    assert (Hs : 0 < sqrt 3) by (apply sqrt_lt_R0; lra).
    rewrite Hr.
    replace (2 / (2 * (sqrt 3 * / 4 ^ S k)) * (3 * / 4 ^ S k)) with (3 / sqrt 3)
      by (field; split; [apply pow_nonzero; lra|lra]).
    apply Rmult_le_reg_r with (sqrt 3); [exact Hs|].
    replace (3 / sqrt 3 * sqrt 3) with 3 by (field; lra).
    rewrite Rmult_1_l; apply sqrt_of_square_le; lra.
  - change (3 * / 4 ^ S k = sqrt (0 + (3 / 4 * / 4 ^ k) ^ 2 + (0 * / 4 ^ k) ^ 2)).
    replace (0 + (3 / 4 * / 4 ^ k) ^ 2 + (0 * / 4 ^ k) ^ 2) with ((3 * / 4 ^ S k) ^ 2)
      by (simpl (4 ^ S k); rewrite Rinv_mult; field; apply pow_nonzero; lra).
    rewrite sqrt_pow2 by lra; reflexivity.
Qed.

Lemma blocks_converge_used : exists l : space 1, filterlim ex_xy eventually (locally l).
Proof.
  apply (blocks_converge (space 1) ex_xy ex_v ex_delta (fun _ _ => 1) ex_g (fun _ => ex_M)
           1 1 2 2 (fun s => 2 * sqrt s) (fun s => 2 / (2 * sqrt s)) 1 0);
    try lra; intros.
  - apply ex_between.
  - apply ex_descends; assumption.
  - apply ex_bounds.
  - apply ex_rows; assumption.
  - apply ex_xy_step.
  - left; apply ex_v_above.
  - unfold ex_v; simpl; lra.
  - apply sqrt_desingularizes; lra.
  - apply ex_v_kl.
Qed.

(* Its limit is critical: the gradient of x^2 + y^2 - x y, as a relation that is closed. *)
Lemma ex_run : descends (fun k => ex_v k O) (fun k => size (ex_delta k) 2)
  (fun k => size (ex_g k) 2) 0 1 0 1 0.
Proof.
  apply blocks_run with (fun _ _ => 1) (fun _ => ex_M); intros;
    [apply ex_between|apply ex_descends; assumption|apply ex_bounds|apply ex_rows; assumption].
Qed.

Lemma run_stops_used : Un_cv (fun k => size (ex_delta k) 2) 0 /\ Un_cv (fun k => size (ex_g k) 2) 0.
Proof.
  apply (run_stops (fun k => ex_v k O) _ _ 0 1 0 1 0 0); try lra;
    [apply ex_run|intros; left; apply ex_v_above].
Qed.

(* Its limit is critical, as x^2 has the derivative 2 x. *)
Lemma limit_is_critical_used : (zero : R_NormedModule) = 2 * 0.
Proof.
  apply (limit_is_critical R_NormedModule (fun p u => u = 2 * p) ex_x (fun k => 2 * ex_x (S k)) 0
           (fun k => ex_x k ^ 2) (step (V := R_NormedModule) ex_x) (fun k => 2 * ex_x (S k))
           0 3 0 2 0 0); try lra; intros.
  - apply ex_x_descent.
  - apply pow2_ge_0.
  - split; [reflexivity|]; pose proof (ex_x_pos (S k)).
    change (Rabs (2 * ex_x (S k)) <= 2 * ex_x (S k)); rewrite Rabs_pos_eq; lra.
  - change (0 = 2 * 0); ring.
  - apply kl_converges_to_cluster_point_used.
Qed.

Lemma inexact_blocks_run_used :
  descends (fun k => ex_v k O) (fun k => size (ex_delta k) 2) (fun k => size (ex_g k) 2) 0
    (1 - 1 / 2) 0 (1 + 1 / 2) 0.
Proof.
  apply inexact_blocks_run
    with (fun _ _ => 1) (fun k i => 1 / 2 * ex_delta k i) (fun _ => ex_M); intros;
    [lra|apply ex_between| |apply ex_bounds| ].
  - destruct (ex_descends k i) as [H1 [H2 H3]]; [assumption|].
    pose proof (pow2_ge_0 (ex_delta k i)); repeat split; lra.
  - pose proof (ex_rows k p); destruct (ex_descends k p); [assumption|].
    destruct H0; [assumption|]; split; lra.
Qed.

Lemma two_step_blocks_run_used :
  descends (fun k => ex_v k O) (fun k => size (ex_delta k) 2) (fun k => size (ex_g k) 2) 0
    1 0 1 1.
Proof.
  apply two_step_blocks_run with (fun _ _ => 1) (fun _ => ex_M) (fun _ => ex_M); intros;
    [apply ex_between|apply ex_descends; assumption|split; apply ex_bounds| ].
  destruct (ex_rows k p) as [H1 H2], (ex_rows (S k) p) as [H3 H4]; try assumption; lra.
Qed.

(* Extrapolation, as in momentum_rate_used. *)
Lemma momentum_run_used :
  descends (fun k => 1 / 2 * (/ 2 ^ k) ^ 2) (fun k => 1 / 2 * / 2 ^ k)
    (fun k => 1 / 2 * / 2 ^ k) 0 (3 / 2) (2 * (1 / 4)) 2 0.
Proof.
  apply (momentum_run _ _ (fun k => match k with O => 1 / 2 | _ => 1 / 4 * / 2 ^ k end) _
           (fun _ => 1 / 4)); try lra; intros k;
    (assert (0 < / 2 ^ k) by (apply Rinv_0_lt_compat, pow_lt; lra)).
  - lra.
  - change (2 ^ S k) with (2 * 2 ^ k); rewrite Rinv_mult; lra.
  - change (2 ^ S k) with (2 * 2 ^ k); rewrite Rinv_mult; lra.
  - destruct k; [change (2 ^ O) with 1; rewrite Rinv_1|]; lra.
Qed.
