(* Finite length from the Kurdyka-Lojasiewicz inequality.

   As in rate.v, L k is the objective after k sweeps, d k the length of the step of sweep k+1
   and g k that of a subgradient after it.  Sufficient decrease is lam d_k^2 <= L_k - L_{k+1};
   relative error is g_k <= b0 d_{k-1} + b1 d_k + b2 d_{k+1}, which covers a plain sweep
   (b0 = b2 = 0), extrapolation (b0 > 0) and sets projected on without a proximal term (b2 > 0;
   then only the other blocks' steps are in d).  Lstar is the level to which the objective falls,
   and the inequality is phi'(L - Lstar) g >= 1 at the points of the run, as long as their
   objective is above Lstar.

   Serves the claim "the iterates converge".  Not claimed: that the objective of a network
   satisfies the inequality (it is assumed here, at the points of the run; it holds for
   semialgebraic objectives, which is not proved in this folder), that Lstar is a minimum, or
   that the limit is a minimiser.  If the inequality holds only from some sweep on, the theorems
   hold for the run that starts there. *)

From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
From NNBCD Require Import sums rate.
Open Scope R_scope.

(* d_{k-1}, where the step before the first one has the length start. *)
Definition before (start : R) (d : nat -> R) (k : nat) : R :=
  match k with O => start | S j => d j end.

(* One sweep of the argument: d1^2 <= e x gives 2 d1 <= e + x. *)
Lemma mean_inequality : forall e d1 x,
  0 <= e -> 0 <= d1 -> 0 <= x -> d1 ^ 2 <= e * x -> 2 * d1 <= e + x.
Proof.
  intros e d1 x H0 H1 Hx H.
  assert (E : (e + x) ^ 2 - 4 * (e * x) = (e - x) ^ 2) by ring.
  pose proof (pow2_ge_0 (e - x)).
  apply Rnot_lt_le; intros Hgt.
  assert (Hsq : (e + x) ^ 2 < (2 * d1) ^ 2) by nra.
  replace ((2 * d1) ^ 2) with (4 * d1 ^ 2) in Hsq by ring; lra.
Qed.

Lemma kl_step : forall lam b e d1 g a0 a1 phi0 phi1 slope,
  0 < lam -> 0 <= b -> 0 <= e -> 0 <= d1 -> 0 <= a1 ->
  lam * d1 ^ 2 <= a0 - a1 ->
  0 <= g <= b * e ->
  (0 < a0 -> 1 <= slope * g) ->
  (0 < a0 -> slope * (a0 - a1) <= phi0 - phi1) ->
  (a0 = a1 -> phi0 = phi1) ->
  2 * d1 <= e + b / lam * (phi0 - phi1).
Proof.
  intros lam b e d1 g a0 a1 phi0 phi1 slope Hlam Hb H0 H1 Ha1 Hdec [Hg0 Hg] Hkl Hsup Heq.
  assert (Hsq : 0 <= lam * d1 ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  destruct (Rle_dec a0 0) as [Hz|Hpos].
  - (* the level is reached: there is no further step *)
    rewrite (Heq ltac:(lra)).
    assert (d1 ^ 2 = 0) by (apply Rmult_eq_reg_l with lam; lra).
    destruct (Req_dec d1 0) as [E|E]; [lra|].
    apply (pow_nonzero d1 2) in E; lra.
  - (* lam d1^2 <= a0 - a1 <= slope g (a0 - a1) <= g (phi0 - phi1) <= b e (phi0 - phi1) *)
    specialize (Hkl ltac:(lra)); specialize (Hsup ltac:(lra)).
    assert (Hs : 0 < slope).
    { apply Rnot_le_lt; intros Hs.
      assert (slope * g <= 0 * g) by (apply Rmult_le_compat_r; assumption); lra. }
    assert (HD : 0 <= phi0 - phi1)
      by (apply Rle_trans with (slope * (a0 - a1)); [apply Rmult_le_pos; lra|exact Hsup]).
    assert (HA : a0 - a1 <= b * e * (phi0 - phi1)).
    { apply Rle_trans with (slope * g * (a0 - a1));
        [rewrite <- (Rmult_1_l (a0 - a1)) at 1; apply Rmult_le_compat_r; lra|].
      apply Rle_trans with (g * (phi0 - phi1)).
      - replace (slope * g * (a0 - a1)) with (g * (slope * (a0 - a1))) by ring.
        apply Rmult_le_compat_l; assumption.
      - apply Rmult_le_compat_r; assumption. }
    apply mean_inequality; try assumption.
    + apply Rmult_le_pos; [|exact HD].
      apply Rmult_le_pos; [exact Hb|left; apply Rinv_0_lt_compat; exact Hlam].
    + apply Rmult_le_reg_l with lam; [exact Hlam|].
      replace (lam * (e * (b / lam * (phi0 - phi1)))) with (b * e * (phi0 - phi1))
        by (field; lra).
      lra.
Qed.

Lemma total_before : forall start d K,
  total (before start d) (S K) = start + total d K.
Proof. intros; apply total_shift. Qed.

(* The relative error as b times a mean of the three steps. *)
Lemma finite_length_mean : forall (L d g : nat -> R) phi dphi Lstar lam b w0 w1 w2 start K,
  0 < lam -> 0 <= b -> 0 <= w0 -> 0 <= w1 -> 0 <= w2 -> w0 + w1 + w2 = 1 -> 0 <= start ->
  (forall k, (k <= K)%nat -> 0 <= d k) ->
  (forall k, (k <= K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat ->
     0 <= g k <= b * (w0 * before start d k + w1 * d k + w2 * d (S k))) ->
  (forall k, (k <= K)%nat -> Lstar <= L (S k)) ->
  (forall k, (k < K)%nat -> Lstar < L (S k) -> 1 <= dphi (L (S k) - Lstar) * g k) ->
  (forall k, (k < K)%nat -> Lstar < L (S k) ->
     dphi (L (S k) - Lstar) * (L (S k) - L (S (S k)))
       <= phi (L (S k) - Lstar) - phi (L (S (S k)) - Lstar)) ->
  0 <= phi (L (S K) - Lstar) ->
  total d (S K) <= start + 2 * d O + b / lam * phi (L 1%nat - Lstar).
Proof.
  intros L d g phi dphi Lstar lam b w0 w1 w2 start K
    Hlam Hb Hw0 Hw1 Hw2 Hw Hstart Hd Hdec Hg HL Hkl Hsup Hphi.
  assert (Hbl : 0 <= b / lam)
    by (apply Rmult_le_pos; [exact Hb|left; apply Rinv_0_lt_compat; exact Hlam]).
  set (p := fun k => phi (L (S k) - Lstar)).
  set (e := fun k => w0 * before start d k + w1 * d k + w2 * d (S k)).
  assert (Hbefore : forall k, (k <= K)%nat -> 0 <= before start d k)
    by (intros [|k] Hk; [exact Hstart|apply Hd; lia]).
  assert (H : 2 * total (fun k => d (S k)) K <= total e K + b / lam * (p O - p K)).
  { rewrite <- total_scal, <- total_telescope, <- (total_scal (b / lam)), <- total_plus.
    apply total_le; intros k Hk; unfold p.
    apply kl_step with (g k) (L (S k) - Lstar) (L (S (S k)) - Lstar) (dphi (L (S k) - Lstar));
      try assumption.
    - assert (0 <= d k /\ 0 <= d (S k) /\ 0 <= before start d k)
        by (split; [apply Hd; lia|split; [apply Hd; lia|apply Hbefore; lia]]).
      unfold e; repeat apply Rplus_le_le_0_compat; apply Rmult_le_pos; lra.
    - apply Hd; lia.
    - assert (Lstar <= L (S (S k))) by (apply HL; lia); lra.
    - assert (lam * d (S k) ^ 2 <= L (S k) - L (S (S k))) by (apply Hdec; lia); lra.
    - apply Hg; exact Hk.
    - intros Hp; apply Hkl; [exact Hk|lra].
    - intros Hp; assert (H := Hsup k Hk ltac:(lra)).
      replace (L (S k) - Lstar - (L (S (S k)) - Lstar)) with (L (S k) - L (S (S k))) by ring.
      exact H.
    - intros E; rewrite E; reflexivity. }
  (* each of the three sums of steps is at most start + the whole path *)
  set (D := total d (S K)).
  assert (ED : D = d O + total (fun k => d (S k)) K) by exact (total_shift d K).
  assert (HdK : 0 <= d K) by (apply Hd; lia).
  assert (E1 : D = total d K + d K) by reflexivity.
  assert (E0 : start + total d K = total (before start d) K + before start d K)
    by (rewrite <- total_before; reflexivity).
  assert (HbK : 0 <= before start d K) by (apply Hbefore; lia).
  assert (Hd0 : 0 <= d O) by (apply Hd; lia).
  assert (He : total e K <= start + D).
  { unfold e; rewrite !total_plus, !total_scal.
    replace (start + D) with (w0 * (start + D) + w1 * (start + D) + w2 * (start + D))
      by (rewrite <- !Rmult_plus_distr_r, Hw; ring).
    repeat apply Rplus_le_compat; apply Rmult_le_compat_l; lra. }
  assert (b / lam * (p O - p K) <= b / lam * p O)
    by (apply Rmult_le_compat_l; [exact Hbl|unfold p in *; lra]).
  unfold p in *; lra.
Qed.

(* Finite length, with concavity given as one inequality a sweep: the path is at most
   d_{-1} + 2 d_0 + (b0 + b1 + b2)/lam phi(L_1 - Lstar), where d_{-1} = start. *)
Theorem finite_length : forall (L d g : nat -> R) phi dphi Lstar lam b0 b1 b2 start K,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= start ->
  (forall k, (k <= K)%nat -> 0 <= d k) ->
  (forall k, (k <= K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b0 * before start d k + b1 * d k + b2 * d (S k)) ->
  (forall k, (k <= K)%nat -> Lstar <= L (S k)) ->
  (forall k, (k < K)%nat -> Lstar < L (S k) -> 1 <= dphi (L (S k) - Lstar) * g k) ->
  (forall k, (k < K)%nat -> Lstar < L (S k) ->
     dphi (L (S k) - Lstar) * (L (S k) - L (S (S k)))
       <= phi (L (S k) - Lstar) - phi (L (S (S k)) - Lstar)) ->
  0 <= phi (L (S K) - Lstar) ->
  total d (S K) <= start + 2 * d O + (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar).
Proof.
  intros L d g phi dphi Lstar lam b0 b1 b2 start K Hlam H0 H1 H2 Hstart Hd Hdec Hg HL Hkl Hsup Hphi.
  destruct (Req_dec (b0 + b1 + b2) 0) as [E|E].
  - apply (finite_length_mean L d g phi dphi Lstar lam (b0 + b1 + b2) 0 1 0 start K);
      try assumption; try lra.
    intros k Hk; destruct (Hg k Hk); rewrite E.
    replace b0 with 0 in * by lra; replace b1 with 0 in * by lra; replace b2 with 0 in * by lra.
    lra.
  - assert (Hi : 0 < / (b0 + b1 + b2)) by (apply Rinv_0_lt_compat; lra).
    apply (finite_length_mean L d g phi dphi Lstar lam (b0 + b1 + b2)
             (b0 / (b0 + b1 + b2)) (b1 / (b0 + b1 + b2)) (b2 / (b0 + b1 + b2)) start K);
      try assumption; try (apply Rmult_le_pos; lra); try lra; [field; lra|].
    intros k Hk; destruct (Hg k Hk); split; [assumption|].
    replace ((b0 + b1 + b2) *
             (b0 / (b0 + b1 + b2) * before start d k + b1 / (b0 + b1 + b2) * d k
              + b2 / (b0 + b1 + b2) * d (S k)))
      with (b0 * before start d k + b1 * d k + b2 * d (S k)) by (field; lra).
    assumption.
Qed.

(* What concavity means, and that it gives the inequality above: the tangent at s > 0 lies above
   the graph on [0, eta).  No continuity at 0 is needed. *)
Definition concave (phi : R -> R) (eta : R) : Prop :=
  forall s t w, 0 <= s < eta -> 0 <= t < eta -> 0 <= w <= 1 ->
    w * phi s + (1 - w) * phi t <= phi (w * s + (1 - w) * t).

Theorem concave_below_tangent : forall (phi : R -> R) eta s t slope,
  concave phi eta -> 0 < s < eta -> 0 <= t < eta ->
  is_derive phi s slope ->
  slope * (s - t) <= phi s - phi t.
Proof.
  intros phi eta s t slope Hc Hs Ht Hd.
  apply is_derive_Reals in Hd.
  destruct (Req_dec t s) as [E|E]; [subst t; lra|].
  apply Rnot_lt_le; intros Hlt.
  (* the quotient phi(s + w (t - s)) - phi(s) over w (t - s), for small w > 0 *)
  set (h := t - s) in *.
  assert (Hh : 0 < Rabs h) by (apply Rabs_pos_lt; unfold h; lra).
  set (eps := (slope * (s - t) - (phi s - phi t)) / (2 * Rabs h)).
  assert (Heps : 0 < eps) by (apply Rdiv_lt_0_compat; lra).
  destruct (Hd eps Heps) as [delta Hdelta].
  set (w := Rmin 1 (delta / (2 * Rabs h))).
  assert (Hdh : 0 < delta / (2 * Rabs h)) by (apply Rdiv_lt_0_compat; [apply cond_pos|lra]).
  assert (Hw : 0 < w <= 1) by (unfold w; split; [apply Rmin_glb_lt; lra|apply Rmin_l]).
  assert (Hwd : w * Rabs h < delta).
  { apply Rle_lt_trans with (delta / (2 * Rabs h) * Rabs h);
      [apply Rmult_le_compat_r; [lra|apply Rmin_r]|].
    replace (delta / (2 * Rabs h) * Rabs h) with (delta / 2) by (field; lra).
    pose proof (cond_pos delta); lra. }
  assert (Hh0 : h <> 0) by (unfold h; lra).
  assert (Hw0 : w <> 0) by lra.
  assert (Hwh : w * h <> 0) by (apply Rmult_integral_contrapositive_currified; assumption).
  assert (Habs : Rabs (w * h) = w * Rabs h) by (rewrite Rabs_mult, (Rabs_pos_eq w); lra).
  specialize (Hdelta (w * h) Hwh ltac:(rewrite Habs; exact Hwd)).
  assert (Hquot : Rabs (phi (s + w * h) - phi s - slope * (w * h)) < eps * (w * Rabs h)).
  { replace (phi (s + w * h) - phi s - slope * (w * h))
      with (((phi (s + w * h) - phi s) / (w * h) - slope) * (w * h)) by (field; split; assumption).
    rewrite Rabs_mult, Habs; apply Rmult_lt_compat_r; [|exact Hdelta].
    apply Rmult_lt_0_compat; lra. }
  assert (Hcw : w * phi t + (1 - w) * phi s <= phi (s + w * h)).
  { replace (s + w * h) with (w * t + (1 - w) * s) by (unfold h; ring).
    apply Hc; lra. }
  apply Rabs_def2 in Hquot.
  replace (eps * (w * Rabs h)) with (w * (slope * (s - t) - (phi s - phi t)) / 2) in Hquot
    by (unfold eps; field; lra).
  assert (0 < w * (slope * (s - t) - (phi s - phi t))) by (apply Rmult_lt_0_compat; lra).
  unfold h in *; lra.
Qed.

(* phi may be used in the inequality up to the level eta: it is nonnegative on [0, eta), and
   concave in the sense that the lines of slope dphi lie above its graph. *)
Definition desingularizes (phi dphi : R -> R) (eta : R) : Prop :=
  (forall s, 0 <= s < eta -> 0 <= phi s) /\
  (forall s t, 0 < s < eta -> 0 <= t < eta -> dphi s * (s - t) <= phi s - phi t).

(* In particular a concave phi with derivative dphi on (0, eta), as the inequality is usually
   stated. *)
Theorem concave_desingularizes : forall phi dphi eta,
  concave phi eta ->
  (forall s, 0 <= s < eta -> 0 <= phi s) ->
  (forall s, 0 < s < eta -> is_derive phi s (dphi s)) ->
  desingularizes phi dphi eta.
Proof.
  intros phi dphi eta Hc Hpos Hder; split; [exact Hpos|].
  intros s t Hs Ht; apply concave_below_tangent with eta; try assumption.
  apply Hder; exact Hs.
Qed.

Lemma falls : forall (L d : nat -> R) lam K,
  0 < lam ->
  (forall k, (k <= K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  forall k, (k <= K)%nat -> L (S k) <= L k /\ L (S k) <= L 1%nat.
Proof.
  intros L d lam K Hlam Hdec.
  assert (Hp : forall k, 0 <= lam * d k ^ 2)
    by (intros; apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  induction k as [|k IH]; intros Hk; pose proof (Hdec _ Hk).
  - pose proof (Hp O); lra.
  - pose proof (Hp (S k)); destruct IH; [lia|lra].
Qed.

(* Finite length for a concave phi. *)
Theorem finite_length_concave : forall (L d g : nat -> R) phi dphi eta Lstar lam b0 b1 b2 start K,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= start ->
  desingularizes phi dphi eta -> L 1%nat - Lstar < eta ->
  (forall k, (k <= K)%nat -> 0 <= d k) ->
  (forall k, (k <= K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b0 * before start d k + b1 * d k + b2 * d (S k)) ->
  (forall k, (k <= K)%nat -> Lstar <= L (S k)) ->
  (forall k, (k < K)%nat -> Lstar < L (S k) -> 1 <= dphi (L (S k) - Lstar) * g k) ->
  total d (S K) <= start + 2 * d O + (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar).
Proof.
  intros L d g phi dphi eta Lstar lam b0 b1 b2 start K
    Hlam H0 H1 H2 Hstart [Hpos Htan] Heta Hd Hdec Hg HL Hkl.
  pose proof (falls L d lam K Hlam Hdec) as Hfall.
  apply finite_length with g dphi; try assumption.
  - intros k Hk Hp.
    replace (L (S k) - L (S (S k))) with (L (S k) - Lstar - (L (S (S k)) - Lstar)) by ring.
    assert (L (S k) <= L 1%nat) by (apply Hfall; lia).
    assert (L (S (S k)) <= L 1%nat) by (apply Hfall; lia).
    assert (Lstar <= L (S (S k))) by (apply HL; lia).
    apply Htan; lra.
  - assert (Lstar <= L (S K)) by (apply HL; lia).
    assert (L (S K) <= L 1%nat) by (apply Hfall; lia).
    apply Hpos; lra.
Qed.

(* The length of a path, and what it says of its ends, in any normed module. *)
Section Path.
Context {V : NormedModule R_AbsRing}.

Definition step (x : nat -> V) (k : nat) : R := norm (minus (x (S k)) (x k)).

Lemma step_nonneg : forall x k, 0 <= step x k.
Proof. intros; apply norm_ge_0. Qed.

Lemma minus_chain : forall u v w : V, minus u w = plus (minus u v) (minus v w).
Proof. intros u v w; rewrite <- minus_trans; reflexivity. Qed.

Lemma path_at_least_distance : forall (x : nat -> V) n,
  norm (minus (x n) (x O)) <= total (step x) n.
Proof.
  intros x n; induction n as [|n IH].
  - unfold minus; rewrite plus_opp_r, norm_zero; simpl; lra.
  - rewrite (minus_chain (x (S n)) (x n) (x O)); simpl total.
    pose proof (norm_triangle (minus (x (S n)) (x n)) (minus (x n) (x O))).
    fold (step x n) in H; lra.
Qed.

Lemma limit_within : forall (x : nat -> V) (l : V) z r,
  filterlim x eventually (locally l) ->
  eventually (fun n => norm (minus (x n) z) <= r) ->
  norm (minus l z) <= r.
Proof.
  intros x l z r Hl [N HN].
  apply Rnot_lt_le; intros Hlt.
  set (eps := norm (minus l z) - r).
  assert (Heps : 0 < eps) by (unfold eps; lra).
  destruct (Hl (fun y => norm (minus y l) < eps)) as [N' HN'].
  - apply (locally_le_locally_norm l); exists (mkposreal eps Heps); intros y Hy; exact Hy.
  - specialize (HN (max N N') ltac:(lia)); specialize (HN' (max N N') ltac:(lia)); simpl in HN'.
    pose proof (norm_triangle (minus l (x (max N N'))) (minus (x (max N N')) z)) as Ht.
    rewrite <- minus_chain in Ht.
    rewrite <- (norm_opp (minus l (x (max N N')))), opp_minus in Ht.
    unfold eps in HN'; lra.
Qed.

End Path.

Lemma sum_n_total : forall (f : nat -> R) n, sum_n f n = total f (S n).
Proof.
  intros f n; induction n as [|n IH]; [rewrite sum_O; simpl; ring|].
  rewrite sum_Sn, IH; reflexivity.
Qed.

(* A path of finite length has an end, in any complete normed module (R^n with its usual norm, a
   product of such, a Banach space). *)
Theorem finite_path_converges : forall (V : CompleteNormedModule R_AbsRing) (x : nat -> V) C,
  (forall n, total (step x) n <= C) ->
  exists l, filterlim x eventually (locally l).
Proof.
  intros V x C HC.
  assert (Hb : ex_series (step x)).
  { destruct (ex_finite_lim_seq_incr (sum_n (step x)) C) as [s Hs].
    - intros n; rewrite !sum_n_total.
      change (total (step x) (S (S n))) with (total (step x) (S n) + step x (S n)).
      pose proof (step_nonneg x (S n)); lra.
    - intros n; rewrite sum_n_total; apply HC.
    - exists s; exact Hs. }
  destruct (ex_series_le (fun k => minus (x (S k)) (x k)) (step x)) as [s Hs];
    [intros; apply Rle_refl|exact Hb|].
  exists (plus (x O) s); intros P HP.
  assert (Hlim : filterlim (fun n => plus (x O) (sum_n (fun k => minus (x (S k)) (x k)) n))
                   eventually (locally (plus (x O) s))).
  { apply (filterlim_comp_2 (F := eventually) (fun _ => x O)
             (sum_n (fun k => minus (x (S k)) (x k))) plus (G := locally (x O))
             (H := locally s)); [apply filterlim_const|exact Hs|].
    apply (filterlim_plus (V := CompleteNormedModule.NormedModule R_AbsRing V)). }
  destruct (Hlim P HP) as [N HN]; exists (S N); intros [|n] Hn; [lia|].
  replace (x (S n)) with (plus (x O) (sum_n (fun k => minus (x (S k)) (x k)) n));
    [apply HN; lia|].
  clear; induction n as [|n IH].
  - rewrite sum_O, plus_comm; unfold minus; rewrite <- plus_assoc, plus_opp_l, plus_zero_r.
    reflexivity.
  - rewrite sum_Sn, plus_assoc, IH, plus_comm; unfold minus.
    rewrite <- plus_assoc, plus_opp_l, plus_zero_r; reflexivity.
Qed.

(* An endless run: its steps d k, their effect on the objective, and its subgradients. *)
Definition descends (L d g : nat -> R) (start lam b0 b1 b2 : R) : Prop :=
  (forall k, 0 <= d k) /\
  (forall k, lam * d k ^ 2 <= L k - L (S k)) /\
  (forall k, 0 <= g k <= b0 * before start d k + b1 * d k + b2 * d (S k)).

(* From sweep m on, a run is a run. *)
Lemma descends_later : forall L d g start lam b0 b1 b2 m,
  descends L d g start lam b0 b1 b2 ->
  descends (fun k => L (k + m)%nat) (fun k => d (k + m)%nat) (fun k => g (k + m)%nat)
    (before start d m) lam b0 b1 b2.
Proof.
  intros L d g start lam b0 b1 b2 m [Hd [Hdec Hg]]; split; [|split]; intros k.
  - apply Hd.
  - apply Hdec.
  - destruct k as [|k]; [apply (Hg m)|apply (Hg (S k + m)%nat)].
Qed.

(* The path of a run has finite length, and the iterates converge; also where the objective
   reaches Lstar after finitely many sweeps.  d k need only bound the step. *)
Theorem kl_finite_length_converges :
  forall (V : CompleteNormedModule R_AbsRing) (x : nat -> V) (L d g : nat -> R) phi dphi
    eta Lstar lam b0 b1 b2 start,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= start ->
  desingularizes phi dphi eta -> L 1%nat - Lstar < eta ->
  descends L d g start lam b0 b1 b2 ->
  (forall k, step x k <= d k) ->
  (forall k, Lstar <= L (S k)) ->
  (forall k, Lstar < L (S k) -> 1 <= dphi (L (S k) - Lstar) * g k) ->
  (forall n, total d n <= start + 2 * d O + (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar)) /\
  exists l, filterlim x eventually (locally l).
Proof.
  intros V x L d g phi dphi eta Lstar lam b0 b1 b2 start
    Hlam H0 H1 H2 Hstart Hphi Heta [Hd [Hdec Hg]] Hstep HL Hkl.
  set (C := start + 2 * d O + (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar)).
  assert (H : forall n, total d n <= C).
  { intros n; apply Rle_trans with (total d (S n)); [simpl; pose proof (Hd n); lra|].
    apply finite_length_concave with g dphi eta; intros; try assumption;
      [apply Hd|apply Hdec|apply Hg|apply HL|apply Hkl; assumption]. }
  split; [exact H|].
  apply finite_path_converges with C; intros n.
  apply Rle_trans with (total d n); [apply total_le; intros; apply Hstep|apply H].
Qed.

(* How far x_k is from its limit: by the steps just made and phi of the gap that is left. *)
Theorem kl_distance_to_limit :
  forall (V : NormedModule R_AbsRing) (x : nat -> V) (l : V) (L d g : nat -> R) phi dphi
    eta Lstar lam b0 b1 b2 start,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= start ->
  desingularizes phi dphi eta -> L 1%nat - Lstar < eta ->
  descends L d g start lam b0 b1 b2 ->
  (forall k, step x k <= d k) ->
  (forall k, Lstar <= L (S k)) ->
  (forall k, Lstar < L (S k) -> 1 <= dphi (L (S k) - Lstar) * g k) ->
  filterlim x eventually (locally l) ->
  forall k, norm (minus l (x k))
    <= before start d k + 2 * d k + (b0 + b1 + b2) / lam * phi (L (S k) - Lstar).
Proof.
  intros V x l L d g phi dphi eta Lstar lam b0 b1 b2 start
    Hlam H0 H1 H2 Hstart Hphi Heta Hrun Hstep HL Hkl Hl k.
  apply limit_within with x; [exact Hl|].
  exists k; intros n Hn; replace n with (n - k + k)%nat by lia.
  apply Rle_trans with (total (step (fun j => x (j + k)%nat)) (n - k));
    [apply (path_at_least_distance (fun j => x (j + k)%nat))|].
  apply Rle_trans with (total (fun j => d (j + k)%nat) (n - k));
    [apply total_le; intros j _; apply (Hstep (j + k)%nat)|].
  destruct Hrun as [Hd [Hdec Hg]].
  assert (Hfall : L (S k) <= L 1%nat) by (apply (falls L d lam k Hlam); intros; [apply Hdec|lia]).
  destruct (descends_later L d g start lam b0 b1 b2 k) as [Hd' [Hdec' Hg']];
    [split; [exact Hd|split; [exact Hdec|exact Hg]]|].
  apply Rle_trans with (total (fun j => d (j + k)%nat) (S (n - k)));
    [simpl; pose proof (Hd (n - k + k)%nat); lra|].
  apply (finite_length_concave (fun j => L (j + k)%nat) (fun j => d (j + k)%nat)
           (fun j => g (j + k)%nat) phi dphi eta); intros; try assumption;
    [destruct k; [exact Hstart|apply Hd]|simpl; lra|apply Hd'|apply Hdec'|apply Hg'|apply HL|
     apply (Hkl (k0 + k)%nat); assumption].
Qed.

(* The inequality near one point is enough: a run that starts near a point z, where it holds,
   with an objective little above Lstar, stays near it.  In any normed module. *)
Theorem kl_stays_near :
  forall (V : NormedModule R_AbsRing) (x : nat -> V) (z : V) (L d g : nat -> R) phi dphi
    eta Lstar lam b0 b1 b2 start radius,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 <= start ->
  desingularizes phi dphi eta -> L 1%nat - Lstar < eta ->
  descends L d g start lam b0 b1 b2 ->
  (forall k, step x k <= d k) ->
  (forall k, Lstar <= L (S k)) ->
  (forall k, norm (minus (x (S k)) z) < radius -> Lstar < L (S k) ->
     1 <= dphi (L (S k) - Lstar) * g k) ->
  norm (minus (x O) z) + start + 2 * d O + (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar)
    < radius ->
  forall k, norm (minus (x k) z) < radius.
Proof.
  intros V x z L d g phi dphi eta Lstar lam b0 b1 b2 start radius
    Hlam H0 H1 H2 Hstart Hphi Heta [Hd [Hdec Hg]] Hstep HL Hkl Hradius.
  assert (Hnear : forall n,
            total d n <= start + 2 * d O + (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar) ->
            norm (minus (x n) z) < radius).
  { intros n Hn; rewrite (minus_chain (x n) (x O) z).
    pose proof (norm_triangle (minus (x n) (x O)) (minus (x O) z)).
    pose proof (path_at_least_distance x n).
    assert (total (step x) n <= total d n) by (apply total_le; intros; apply Hstep); lra. }
  assert (Hfirst : 0 <= (b0 + b1 + b2) / lam * phi (L 1%nat - Lstar)).
  { apply Rmult_le_pos;
      [apply Rmult_le_pos; [lra|left; apply Rinv_0_lt_compat; exact Hlam]|].
    apply Hphi; pose proof (HL O); lra. }
  assert (Hall : forall n k, (k <= n)%nat -> norm (minus (x k) z) < radius).
  { induction n as [|n IH]; intros k Hk.
    - apply Hnear; replace k with O by lia; pose proof (Hd O); simpl; lra.
    - destruct (Nat.eq_dec k (S n)) as [E|E]; [subst k|apply IH; lia].
      apply Hnear, finite_length_concave with g dphi eta; intros; try assumption;
        [apply Hd|apply Hdec|apply Hg|apply HL|].
      apply Hkl; [apply IH; lia|assumption]. }
  intros k; apply (Hall k); lia.
Qed.

(* A whole run converges to a point z that it comes near again and again (in finite dimension a
   bounded run has such a point), if the inequality holds near z for objectives little above
   Lstar, the limit of the objective, and phi is small near 0.  No completeness is needed. *)
Theorem kl_converges_to_cluster_point :
  forall (V : NormedModule R_AbsRing) (x : nat -> V) (z : V) (L d g : nat -> R) phi dphi
    eta Lstar lam b0 b1 b2 start radius,
  0 < lam -> 0 <= b0 -> 0 <= b1 -> 0 <= b2 -> 0 < eta -> 0 < radius ->
  desingularizes phi dphi eta ->
  (forall eps, 0 < eps -> exists del, 0 < del /\ forall s, 0 <= s < del -> phi s < eps) ->
  descends L d g start lam b0 b1 b2 ->
  (forall k, step x k <= d k) ->
  Un_cv L Lstar ->
  (forall eps N, 0 < eps -> exists n, (N <= n)%nat /\ norm (minus (x n) z) < eps) ->
  (forall k, norm (minus (x (S k)) z) < radius -> Lstar < L (S k) < Lstar + eta ->
     1 <= dphi (L (S k) - Lstar) * g k) ->
  filterlim x eventually (locally z).
Proof.
  intros V x z L d g phi dphi eta Lstar lam b0 b1 b2 start radius
    Hlam H0 H1 H2 Heta Hrad Hphi Hsmall Hrun Hstep HLlim Hcluster Hkl.
  pose proof Hrun as [Hd [Hdec Hg]].
  assert (Hmono : forall k, L (S k) <= L k).
  { intros k; pose proof (Hdec k).
    assert (0 <= lam * d k ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra. }
  assert (HL : forall k, Lstar <= L k) by (intros; apply decreasing_ineq; assumption).
  set (b := b0 + b1 + b2) in *.
  assert (Hbl : 0 <= b / lam)
    by (apply Rmult_le_pos; [unfold b; lra|left; apply Rinv_0_lt_compat; exact Hlam]).
  (* all but finitely many iterates are within any rad <= radius of z *)
  assert (Htail : forall rad, 0 < rad <= radius ->
                  eventually (fun n => norm (minus (x n) z) < rad)).
  { intros rad Hr.
    destruct (Hsmall (rad / (4 * (b / lam + 1)))) as [del [Hdel Hdelta]];
      [apply Rdiv_lt_0_compat; lra|].
    set (top := Rmin (Rmin eta del) (lam * (rad / 8) ^ 2)).
    assert (Hsq : 0 < lam * (rad / 8) ^ 2)
      by (apply Rmult_lt_0_compat; [exact Hlam|apply pow_lt; lra]).
    assert (Htop : 0 < top) by (unfold top; repeat apply Rmin_glb_lt; lra).
    assert (Ht1 : top <= eta /\ top <= del /\ top <= lam * (rad / 8) ^ 2).
    { unfold top; pose proof (Rmin_l (Rmin eta del) (lam * (rad / 8) ^ 2)).
      pose proof (Rmin_r (Rmin eta del) (lam * (rad / 8) ^ 2)).
      pose proof (Rmin_l eta del); pose proof (Rmin_r eta del); lra. }
    destruct (HLlim top Htop) as [N HN].
    destruct (Hcluster (rad / 4) (S N)) as [[|m] [Hm Hclose]]; [lra|lia|].
    exists (S m); intros n Hn; replace n with (n - S m + S m)%nat by lia.
    assert (Hlow : forall k, (N <= k)%nat -> Lstar <= L k < Lstar + top).
    { intros k Hk; specialize (HN k Hk); unfold R_dist in HN; apply Rabs_def2 in HN.
      pose proof (HL k); lra. }
    assert (Hshort : forall k, (N <= k)%nat -> d k <= rad / 8).
    { intros k Hk; pose proof (Hdec k); pose proof (Hlow k Hk); pose proof (HL (S k)).
      assert (d k ^ 2 <= (rad / 8) ^ 2) by (apply Rmult_le_reg_l with lam; lra).
      rewrite <- (sqrt_pow2 (d k)) by apply Hd.
      apply sqrt_of_square_le; [lra|assumption]. }
    apply (kl_stays_near V (fun k => x (k + S m)%nat) z (fun k => L (k + S m)%nat)
             (fun k => d (k + S m)%nat) (fun k => g (k + S m)%nat) phi dphi eta Lstar lam
             b0 b1 b2 (d m) rad Hlam H0 H1 H2 (Hd m) Hphi).
    - pose proof (Hlow (1 + S m)%nat ltac:(lia)); lra.
    - exact (descends_later L d g start lam b0 b1 b2 (S m) Hrun).
    - intros k; apply (Hstep (k + S m)%nat).
    - intros k; apply HL.
    - intros k Hk Hpos; apply (Hkl (k + S m)%nat);
        [apply Rlt_le_trans with rad; [exact Hk|lra]|].
      split; [exact Hpos|].
      pose proof (Hlow (S (k + S m)) ltac:(lia)); lra.
    - fold b; change (norm (minus (x (S m)) z) + d m + 2 * d (S m)
                        + b / lam * phi (L (S (S m)) - Lstar) < rad).
      pose proof (Hlow (S (S m)) ltac:(lia)) as Hl1.
      pose proof (Hshort m ltac:(lia)); pose proof (Hshort (S m) ltac:(lia)).
      assert (Hp : phi (L (S (S m)) - Lstar) < rad / (4 * (b / lam + 1))) by (apply Hdelta; lra).
      assert (b / lam * phi (L (S (S m)) - Lstar) <= rad / 4).
      { apply Rle_trans with (b / lam * (rad / (4 * (b / lam + 1))));
          [apply Rmult_le_compat_l; lra|].
        replace (rad / 4) with ((b / lam + 1) * (rad / (4 * (b / lam + 1))))
          by (generalize dependent (b / lam); intros; field; lra).
        apply Rmult_le_compat_r; [left; apply Rdiv_lt_0_compat; lra|lra]. }
      lra. }
  intros P HP; apply locally_norm_le_locally in HP; destruct HP as [eps Heps].
  destruct (Htail (Rmin eps radius)) as [N HN].
  - split; [apply Rmin_glb_lt; [apply cond_pos|exact Hrad]|apply Rmin_r].
  - exists N; intros n Hn; apply Heps.
    apply Rlt_le_trans with (Rmin eps radius); [apply HN; exact Hn|apply Rmin_l].
Qed.

(* phi(s) = c s^(1/2), the exponent 1/2: concave, with derivative c / (2 sqrt s). *)
Lemma sqrt_desingularizes : forall c eta,
  0 <= c -> desingularizes (fun s => c * sqrt s) (fun s => c / (2 * sqrt s)) eta.
Proof.
  intros c eta Hc; apply concave_desingularizes.
  - intros s t w Hs Ht Hw.
    pose proof (square_sqrt s ltac:(lra)) as Es; pose proof (square_sqrt t ltac:(lra)) as Et.
    pose proof (sqrt_pos s) as Ps; pose proof (sqrt_pos t) as Pt.
    set (a := sqrt s) in *; set (e := sqrt t) in *; clearbody a e; subst s t.
    replace (w * (c * a) + (1 - w) * (c * e)) with (c * (w * a + (1 - w) * e)) by ring.
    apply Rmult_le_compat_l; [exact Hc|].
    assert (0 <= w * a) by (apply Rmult_le_pos; lra).
    assert (0 <= (1 - w) * e) by (apply Rmult_le_pos; lra).
    rewrite <- (sqrt_pow2 (w * a + (1 - w) * e)) by lra.
    apply sqrt_le_1_alt.
    assert (E : w * a ^ 2 + (1 - w) * e ^ 2 - (w * a + (1 - w) * e) ^ 2
                = w * (1 - w) * (a - e) ^ 2) by ring.
    assert (0 <= w * (1 - w) * (a - e) ^ 2)
      by (apply Rmult_le_pos; [apply Rmult_le_pos; lra|apply pow2_ge_0]).
    lra.
  - intros s Hs; apply Rmult_le_pos; [exact Hc|apply sqrt_pos].
  - intros s Hs; apply is_derive_Reals.
    replace (c / (2 * sqrt s)) with (c * / (2 * sqrt s)) by reflexivity.
    apply (derivable_pt_lim_scal sqrt c), derivable_pt_lim_sqrt; lra.
Qed.

(* With the exponent 1/2 the gap to Lstar shrinks by a fixed factor every sweep. *)
Theorem kl_half_one_sweep : forall L0 L1 d g Lstar lam b c,
  0 < lam ->
  lam * d ^ 2 <= L0 - L1 -> 0 <= g <= b * d -> Lstar <= L1 ->
  (Lstar < L1 -> 1 <= c / (2 * sqrt (L1 - Lstar)) * g) ->
  L1 - Lstar <= c ^ 2 * b ^ 2 / (c ^ 2 * b ^ 2 + 4 * lam) * (L0 - Lstar).
Proof.
  intros L0 L1 d g Lstar lam b c Hlam Hdec [Hg0 Hg] HL Hkl.
  assert (Hk : 0 <= c ^ 2 * b ^ 2) by (apply Rmult_le_pos; apply pow2_ge_0).
  apply Rmult_le_reg_l with (c ^ 2 * b ^ 2 + 4 * lam); [lra|].
  replace ((c ^ 2 * b ^ 2 + 4 * lam) *
           (c ^ 2 * b ^ 2 / (c ^ 2 * b ^ 2 + 4 * lam) * (L0 - Lstar)))
    with (c ^ 2 * b ^ 2 * (L0 - Lstar)) by (field; lra).
  (* it suffices that 4 lam (L1 - Lstar) <= c^2 b^2 (lam d^2) *)
  assert (Hd : 0 <= lam * d ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]).
  assert (Hmain : 4 * (L1 - Lstar) <= c ^ 2 * b ^ 2 * d ^ 2).
  { destruct HL as [HL|HL];
      [|rewrite HL; replace (4 * (L1 - L1)) with 0 by ring;
        apply Rmult_le_pos; [exact Hk|apply pow2_ge_0]].
    specialize (Hkl HL).
    assert (Hs : 0 < sqrt (L1 - Lstar)) by (apply sqrt_lt_R0; lra).
    pose proof (square_sqrt (L1 - Lstar) ltac:(lra)) as E.
    set (s := sqrt (L1 - Lstar)) in *; clearbody s; rewrite <- E.
    assert (H : 2 * s <= c * g).
    { apply Rmult_le_compat_l with (r := 2 * s) in Hkl; [|lra].
      replace (2 * s * (c / (2 * s) * g)) with (c * g) in Hkl by (field; lra); lra. }
    pose proof (square_le (2 * s) (c * g) ltac:(lra) H) as H2.
    pose proof (square_le g (b * d) Hg0 Hg) as H3.
    apply Rmult_le_compat_l with (r := c ^ 2) in H3; [|apply pow2_ge_0].
    replace (4 * s ^ 2) with ((2 * s) ^ 2) by ring.
    replace (c ^ 2 * b ^ 2 * d ^ 2) with (c ^ 2 * (b * d) ^ 2) by ring.
    replace ((c * g) ^ 2) with (c ^ 2 * g ^ 2) in H2 by ring; lra. }
  apply Rmult_le_compat_l with (r := lam) in Hmain; [|lra].
  apply Rmult_le_compat_l with (r := c ^ 2 * b ^ 2) in Hdec; [|exact Hk]; lra.
Qed.

(* Hence a linear rate for the objective, with q < 1, ... *)
Theorem kl_half_linear : forall (L d g : nat -> R) Lstar lam b c K,
  0 < lam ->
  (forall k, (k < K)%nat -> lam * d k ^ 2 <= L k - L (S k)) ->
  (forall k, (k < K)%nat -> 0 <= g k <= b * d k) ->
  (forall k, (k < K)%nat -> Lstar <= L (S k)) ->
  (forall k, (k < K)%nat -> Lstar < L (S k) ->
     1 <= c / (2 * sqrt (L (S k) - Lstar)) * g k) ->
  let q := c ^ 2 * b ^ 2 / (c ^ 2 * b ^ 2 + 4 * lam) in
  0 <= q < 1 /\ L K - Lstar <= q ^ K * (L O - Lstar).
Proof.
  intros L d g Lstar lam b c K Hlam Hdec Hg HL Hkl q.
  assert (Hk : 0 <= c ^ 2 * b ^ 2) by (apply Rmult_le_pos; apply pow2_ge_0).
  assert (Hq : 0 <= q < 1).
  { unfold q; split; [apply Rmult_le_pos; [exact Hk|left; apply Rinv_0_lt_compat; lra]|].
    apply Rmult_lt_reg_r with (c ^ 2 * b ^ 2 + 4 * lam); [lra|].
    replace (c ^ 2 * b ^ 2 / (c ^ 2 * b ^ 2 + 4 * lam) * (c ^ 2 * b ^ 2 + 4 * lam))
      with (c ^ 2 * b ^ 2) by (field; lra).
    lra. }
  split; [exact Hq|].
  induction K as [|K IH]; [simpl; lra|].
  apply Rle_trans with (q * (L K - Lstar)).
  - apply kl_half_one_sweep with (d K) (g K);
      [exact Hlam|apply Hdec; lia|apply Hg; lia|apply HL; lia|intros; apply Hkl; [lia|assumption]].
  - simpl; rewrite Rmult_assoc; apply Rmult_le_compat_l; [lra|].
    apply IH; intros; [apply Hdec|apply Hg|apply HL|apply Hkl]; try lia; assumption.
Qed.

(* ... and for the iterates, if the steps are bounded by a geometric sequence: the limit is
   within A s^k/(1 - s) of x_k. *)
Theorem geometric_path_converges :
  forall (V : CompleteNormedModule R_AbsRing) (x : nat -> V) A s,
  0 <= A -> 0 <= s < 1 ->
  (forall k, step x k <= A * s ^ k) ->
  exists l, filterlim x eventually (locally l) /\
            forall k, norm (minus l (x k)) <= A * s ^ k / (1 - s).
Proof.
  intros V x A s HA Hs Hstep.
  assert (Htot : forall k n, total (step (fun j => x (j + k)%nat)) n <= A * s ^ k / (1 - s)).
  { intros k n.
    assert (H : total (step (fun j => x (j + k)%nat)) n
                <= A * s ^ k / (1 - s) - A * s ^ (n + k) / (1 - s)).
    { induction n as [|n IH]; [simpl; lra|].
      simpl total; pose proof (Hstep (n + k)%nat) as Hn.
      change (step (fun j => x (j + k)%nat) n) with (step x (n + k)).
      change (s ^ (S n + k)) with (s * s ^ (n + k)).
      replace (A * (s * s ^ (n + k)) / (1 - s))
        with (A * s ^ (n + k) / (1 - s) - A * s ^ (n + k)) by (field; lra).
      lra. }
    assert (0 <= A * s ^ (n + k) / (1 - s)).
    { apply Rmult_le_pos; [apply Rmult_le_pos; [exact HA|apply pow_le; lra]|].
      left; apply Rinv_0_lt_compat; lra. }
    lra. }
  destruct (finite_path_converges V x (A * s ^ O / (1 - s))) as [l Hl].
  - intros n; apply Rle_trans with (total (step (fun j => x (j + 0)%nat)) n); [|apply Htot].
    right; apply total_ext; intros; unfold step; rewrite !Nat.add_0_r; reflexivity.
  - exists l; split; [exact Hl|]; intros k.
    apply limit_within with x; [exact Hl|].
    exists k; intros n Hn; replace n with (n - k + k)%nat by lia.
    pose proof (path_at_least_distance (fun j => x (j + k)%nat) (n - k)) as H.
    apply Rle_trans with (total (step (fun j => x (j + k)%nat)) (n - k)); [exact H|apply Htot].
Qed.

(* Exponent 1/2, the iterates: linear convergence, with the factor sqrt q. *)
Theorem kl_half_iterates :
  forall (V : CompleteNormedModule R_AbsRing) (x : nat -> V) (L g : nat -> R) Lstar lam b c,
  0 < lam ->
  (forall k, lam * step x k ^ 2 <= L k - L (S k)) ->
  (forall k, 0 <= g k <= b * step x k) ->
  (forall k, Lstar <= L (S k)) ->
  (forall k, Lstar < L (S k) -> 1 <= c / (2 * sqrt (L (S k) - Lstar)) * g k) ->
  let q := c ^ 2 * b ^ 2 / (c ^ 2 * b ^ 2 + 4 * lam) in
  exists l, filterlim x eventually (locally l) /\
            forall k, norm (minus l (x k))
                      <= sqrt ((L O - Lstar) / lam) * sqrt q ^ k / (1 - sqrt q).
Proof.
  intros V x L g Lstar lam b c Hlam Hdec Hg HL Hkl q.
  assert (Hlin : forall k, 0 <= q < 1 /\ L k - Lstar <= q ^ k * (L O - Lstar)).
  { intros k; apply kl_half_linear with (step x) g; intros;
      [exact Hlam|apply Hdec|apply Hg|apply HL|apply Hkl; assumption]. }
  assert (Hq : 0 <= q < 1) by apply (Hlin O).
  apply geometric_path_converges.
  - apply sqrt_pos.
  - split; [apply sqrt_pos|]; rewrite <- sqrt_1; apply sqrt_lt_1_alt; lra.
  - intros k.
    assert (H0 : 0 <= (L O - Lstar) / lam).
    { apply Rmult_le_pos; [|left; apply Rinv_0_lt_compat; exact Hlam].
      pose proof (Hdec O); pose proof (HL O).
      assert (0 <= lam * step x O ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra. }
    rewrite <- (sqrt_pow2 (step x k)) by apply step_nonneg.
    apply sqrt_of_square_le;
      [apply Rmult_le_pos; [apply sqrt_pos|apply pow_le, sqrt_pos]|].
    replace ((sqrt ((L O - Lstar) / lam) * sqrt q ^ k) ^ 2)
      with (sqrt ((L O - Lstar) / lam) ^ 2 * (sqrt q ^ 2) ^ k)
      by (rewrite Rpow_mult_distr, <- !pow_mult; f_equal; f_equal; lia).
    rewrite !square_sqrt by lra.
    apply Rmult_le_reg_l with lam; [exact Hlam|].
    replace (lam * ((L O - Lstar) / lam * q ^ k)) with (q ^ k * (L O - Lstar)) by (field; lra).
    pose proof (Hdec k); pose proof (HL k); destruct (Hlin k); lra.
Qed.

(* The hypotheses can be met: x_k = 2^-k for the objective x^2, with phi(s) = sqrt s, in R. *)
Definition ex_x (k : nat) : R := / 2 ^ k.

Lemma ex_x_pos : forall k, 0 < ex_x k.
Proof. intros; apply Rinv_0_lt_compat, pow_lt; lra. Qed.

Lemma ex_x_next : forall k, ex_x (S k) = 1 / 2 * ex_x k.
Proof. intros; unfold ex_x; simpl pow; rewrite Rinv_mult; lra. Qed.

Lemma ex_x_step : forall k, step (V := R_NormedModule) ex_x k = 1 / 2 * ex_x k.
Proof.
  intros k; unfold step, minus, plus, opp, norm; simpl; unfold abs; simpl.
  rewrite ex_x_next; pose proof (ex_x_pos k).
  rewrite Rabs_left1; lra.
Qed.

Lemma ex_x_descends : forall k,
  3 * step (V := R_NormedModule) ex_x k ^ 2 <= ex_x k ^ 2 - ex_x (S k) ^ 2.
Proof. intros k; rewrite ex_x_step, ex_x_next; lra. Qed.

Lemma ex_x_slope : forall k, 0 <= 2 * ex_x (S k) <= 2 * step (V := R_NormedModule) ex_x k.
Proof. intros k; rewrite ex_x_step, ex_x_next; pose proof (ex_x_pos k); lra. Qed.

Lemma ex_x_kl : forall k, 1 <= 1 / (2 * sqrt (ex_x (S k) ^ 2 - 0)) * (2 * ex_x (S k)).
Proof.
  intros k; pose proof (ex_x_pos (S k)).
  rewrite Rminus_0_r, sqrt_pow2 by lra; right; field; lra.
Qed.

Lemma ex_x_descent : descends (fun k => ex_x k ^ 2) (step (V := R_NormedModule) ex_x)
  (fun k => 2 * ex_x (S k)) 0 3 0 2 0.
Proof.
  split; [intros; apply step_nonneg|split; [intros; apply ex_x_descends|]].
  intros k; pose proof (ex_x_slope k); lra.
Qed.

Lemma kl_finite_length_converges_used :
  exists l : R, filterlim ex_x eventually (locally l).
Proof.
  apply (kl_finite_length_converges R_CompleteNormedModule ex_x (fun k => ex_x k ^ 2)
           (step (V := R_NormedModule) ex_x) (fun k => 2 * ex_x (S k))
           (fun s => 1 * sqrt s) (fun s => 1 / (2 * sqrt s)) 2 0 3 0 2 0 0);
    try lra; intros.
  - apply sqrt_desingularizes; lra.
  - unfold ex_x; simpl; lra.
  - apply ex_x_descent.
  - apply Rle_refl.
  - apply pow2_ge_0.
  - apply ex_x_kl.
Qed.

Lemma kl_half_iterates_used :
  exists l : R, filterlim ex_x eventually (locally l) /\
    forall k, norm (minus (l : R_NormedModule) (ex_x k))
              <= sqrt ((ex_x O ^ 2 - 0) / 3) * sqrt (1 ^ 2 * 2 ^ 2 / (1 ^ 2 * 2 ^ 2 + 4 * 3)) ^ k
                 / (1 - sqrt (1 ^ 2 * 2 ^ 2 / (1 ^ 2 * 2 ^ 2 + 4 * 3))).
Proof.
  apply (kl_half_iterates R_CompleteNormedModule ex_x (fun k => ex_x k ^ 2)
           (fun k => 2 * ex_x (S k)) 0 3 2 1); try lra; intros.
  - apply ex_x_descends.
  - apply ex_x_slope.
  - apply pow2_ge_0.
  - apply ex_x_kl.
Qed.

Lemma ex_x_small : forall eps, 0 < eps -> exists N, forall n, (N <= n)%nat -> ex_x n < eps.
Proof.
  intros eps Heps; destruct (pow_lt_1_zero (1 / 2)) with eps as [N HN];
    [rewrite Rabs_pos_eq; lra|exact Heps|].
  exists N; intros n Hn; specialize (HN n Hn); apply Rabs_def2 in HN.
  unfold ex_x; rewrite <- pow_inv; replace (/ 2) with (1 / 2) by lra; lra.
Qed.

Lemma kl_converges_to_cluster_point_used : filterlim ex_x eventually (locally (0 : R)).
Proof.
  apply (kl_converges_to_cluster_point R_NormedModule ex_x 0 (fun k => ex_x k ^ 2)
           (step (V := R_NormedModule) ex_x) (fun k => 2 * ex_x (S k))
           (fun s => 1 * sqrt s) (fun s => 1 / (2 * sqrt s)) 1 0 3 0 2 0 0 1);
    try lra; intros.
  - apply sqrt_desingularizes; lra.
  - exists (eps ^ 2); split; [apply pow_lt; assumption|]; intros s Hs.
    rewrite Rmult_1_l, <- (sqrt_pow2 eps) by lra; apply sqrt_lt_1_alt; exact Hs.
  - apply ex_x_descent.
  - apply Rle_refl.
  - intros eps Heps; destruct (ex_x_small (Rmin 1 eps)) as [N HN]; [apply Rmin_glb_lt; lra|].
    exists N; intros n Hn; unfold R_dist; rewrite Rminus_0_r, Rabs_pos_eq by apply pow2_ge_0.
    specialize (HN n Hn); pose proof (ex_x_pos n).
    pose proof (Rmin_l 1 eps); pose proof (Rmin_r 1 eps).
    assert (ex_x n * ex_x n <= 1 * ex_x n) by (apply Rmult_le_compat_r; lra); simpl; lra.
  - destruct (ex_x_small eps) as [M HM]; [assumption|].
    exists (max N M); split; [lia|]; specialize (HM (max N M) ltac:(lia)).
    unfold minus, plus, opp, norm; simpl; unfold abs; simpl.
    pose proof (ex_x_pos (max N M)); rewrite Rabs_pos_eq; lra.
  - apply ex_x_kl.
Qed.

(* Distance of 2^-k to 0: within 2 (1/2) 2^-k + (2/3) 2^-(k+1). *)
Lemma kl_distance_to_limit_used : forall k,
  norm (minus (0 : R_NormedModule) (ex_x k))
    <= before 0 (step (V := R_NormedModule) ex_x) k + 2 * step (V := R_NormedModule) ex_x k
       + (0 + 2 + 0) / 3 * (1 * sqrt (ex_x (S k) ^ 2 - 0)).
Proof.
  intros k.
  apply (kl_distance_to_limit R_NormedModule ex_x 0 (fun k => ex_x k ^ 2)
           (step (V := R_NormedModule) ex_x) (fun k => 2 * ex_x (S k))
           (fun s => 1 * sqrt s) (fun s => 1 / (2 * sqrt s)) 2 0 3 0 2 0 0);
    try lra; intros.
  - apply sqrt_desingularizes; lra.
  - unfold ex_x; simpl; lra.
  - apply ex_x_descent.
  - apply Rle_refl.
  - apply pow2_ge_0.
  - apply ex_x_kl.
  - apply kl_converges_to_cluster_point_used.
Qed.
