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

(* The hypotheses can be met: the two blocks of sweep.v, in R x R. *)
Definition ex_xy (k : nat) : R_CompleteNormedModule * R_CompleteNormedModule :=
  (2 * / 4 ^ k, / 4 ^ k).
