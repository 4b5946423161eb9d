(* Counterexamples: what the hypotheses of the theorems are needed for.  All with rational data.

   Claims served: why the proximal terms are asked for, why a TT-SVD and Jacobi steps carry no
   certificate, why boundedness is an assumption at mu = 0. *)

From Coq Require Import Reals Lra Lia Psatz FunctionalExtensionality List.
From NNBCD Require Import sums prox quadratic sets.
Import ListNotations.
Open Scope R_scope.

(* ReLU without its proximal term: no positive constant holds.  gamma = 3 and rho = 1; the old
   value is the prediction -1, the only minimiser lies at least 3/2 away, and the decrease is less
   than k times the squared step, for any k > 0. *)
Theorem relu_without_prox : forall k, 0 < k ->
  exists v x, minimiser (entry 3 1 v (-1) relu) x /\
    (forall y, minimiser (entry 3 1 v (-1) relu) y -> y = x) /\
    3 / 2 <= x - -1 /\
    0 < entry 3 1 v (-1) relu (-1) - entry 3 1 v (-1) relu x < k * (x - -1) ^ 2.
Proof.
  intros k Hk; set (e := Rmin 1 (k / 2)).
  assert (He : 0 < e <= 1 /\ 2 * e <= k) by (unfold e, Rmin; destruct (Rle_dec 1 (k / 2)); lra).
  destruct He as [He Hek]; clearbody e.
  set (x := 1 / 2 + 3 / 4 * e).
  assert (E : sqrt (1 / 3 * (1 / 3 + 1)) = 2 / 3).
  { replace (1 / 3 * (1 / 3 + 1)) with ((2 / 3) ^ 2) by field; apply sqrt_pow2; lra. }
  assert (Hlit : literature (1 / 3) (1 + e) (-1) x)
    by (left; unfold switch, x; rewrite E; split; [right; lra|field]).
  exists (1 + e), x; split; [|split; [|split]].
  - exact (literature_is_global 3 1 (1 + e) (-1) x ltac:(lra) ltac:(lra) Hlit).
  - intros y Hy.
    destruct (literature_is_unique 3 1 (1 + e) (-1) x y ltac:(lra) ltac:(lra) Hlit Hy)
      as [H|[_ H]]; [exact H|]; unfold switch in H; rewrite E in H; lra.
  - unfold x; lra.
  - unfold entry; rewrite (relu_neg (-1)), (relu_pos x) by (unfold x; lra).
    replace (3 / 2 * (1 + e - 0) ^ 2 + 1 / 2 * (-1 - -1) ^ 2
             - (3 / 2 * (1 + e - x) ^ 2 + 1 / 2 * (x - -1) ^ 2))
      with (3 / 2 * (e + 3 / 4 * e ^ 2)) by (unfold x; field).
    assert (0 <= e ^ 2 <= e) by nra.
    split; [lra|].
    apply Rlt_le_trans with (k * (9 / 4)); [lra|].
    apply Rmult_le_compat_l; [lra|unfold x; nra].
Qed.

(* The same with numbers: v = 101/100. *)
Lemma relu_without_prox_used :
  let f := entry 3 1 (101 / 100) (-1) relu in
  f (-1) - f (203 / 400) = 1209 / 80000 /\ (203 / 400 - -1) ^ 2 = 363609 / 160000.
Proof.
  intro f; unfold f, entry; rewrite (relu_neg (-1)), (relu_pos (203 / 400)) by lra; split; field.
Qed.

(* Top 1 without its proximal term: from (0,1) to (1,0), as good for W = (1,1). *)
Theorem top_one_jumps :
  nearest sparse (two 1 1) (two 1 0) /\ sparse (two 0 1) /\ sparse (two 1 0) /\
  square (minus (two 1 1) (two 0 1)) - square (minus (two 1 1) (two 1 0)) = 0 /\
  square (minus (two 1 0) (two 0 1)) = 2.
Proof.
  repeat split; try (left; reflexivity); try (right; reflexivity);
    try (rewrite !square_two; simpl; ring).
  intros X HX; rewrite !square_two; simpl.
  pose proof (pow2_ge_0 (X 0%nat - 1)); pose proof (pow2_ge_0 (X 1%nat - 1)).
  destruct HX as [-> | ->]; lra.
Qed.

(* alpha_z/2 attained: tau = alpha_z = 1, W = (2,1), from (0,1) to (1,0): both sides are 1. *)
Theorem top_one_attains :
  nearest sparse (target 1 1 (two 2 1) (two 0 1)) (two 1 0) /\
  1 / 2 * square (minus (two 2 1) (two 0 1)) - 1 / 2 * square (minus (two 2 1) (two 1 0)) = 1 /\
  1 / 2 * square (minus (two 1 0) (two 0 1)) = 1.
Proof.
  split; [|split]; try (rewrite !square_two; simpl; field).
  apply nearest_is_step; [lra|]; intros X HX; rewrite !square_two; simpl.
  pose proof (pow2_ge_0 (X 0%nat - 1)); pose proof (pow2_ge_0 (X 1%nat - 1)).
  destruct HX as [-> | ->]; lra.
Qed.

(* Jacobi steps: three blocks of one number, each minimises its own problem at the others' old
   values, with its proximal term; all move at once.  For every alpha below 1/2 the objective
   rises, though each block's own step lowers it. *)
Definition three (x1 x2 x3 : R) : R := (x1 + x2 + x3) ^ 2 / 2.

Theorem jacobi_three_rises : forall alpha, 0 <= alpha < 1 / 2 ->
  let x := (alpha - 2) / (1 + alpha) in
  minimiser (fun u => three u 1 1 + alpha / 2 * (u - 1) ^ 2) x /\
  minimiser (fun u => three 1 u 1 + alpha / 2 * (u - 1) ^ 2) x /\
  minimiser (fun u => three 1 1 u + alpha / 2 * (u - 1) ^ 2) x /\
  three 1 1 1 < three x x x.
Proof.
  intros alpha Ha x.
  assert (Ex : (1 + alpha) * x = alpha - 2) by (unfold x; field; lra).
  assert (H : forall u, (x + 2) ^ 2 / 2 + alpha / 2 * (x - 1) ^ 2
                        <= (u + 2) ^ 2 / 2 + alpha / 2 * (u - 1) ^ 2).
  { intro u.
    assert (I : (u + 2) ^ 2 / 2 + alpha / 2 * (u - 1) ^ 2
                - ((x + 2) ^ 2 / 2 + alpha / 2 * (x - 1) ^ 2)
                = (1 + alpha) / 2 * (u - x) ^ 2 + ((1 + alpha) * x - (alpha - 2)) * (u - x))
      by field.
    rewrite Ex in I; pose proof (Rmult_le_pos ((1 + alpha) / 2) _ ltac:(lra) (pow2_ge_0 (u - x))).
    lra. }
  assert (S : forall u, three u 1 1 = (u + 2) ^ 2 / 2 /\ three 1 u 1 = (u + 2) ^ 2 / 2 /\
                        three 1 1 u = (u + 2) ^ 2 / 2)
    by (intro u; unfold three; repeat split; field).
  split; [|split; [|split]]; try (intro u; destruct (S x) as [S1 [S2 S3]];
    destruct (S u) as [T1 [T2 T3]]; rewrite ?S1, ?S2, ?S3, ?T1, ?T2, ?T3; apply H).
  assert (x < -1) by (apply Rmult_lt_reg_l with (1 + alpha); lra).
  unfold three; nra.
Qed.

(* alpha = 1/4: every step is -12/5, and 9/2 becomes 441/50. *)
Lemma jacobi_three_rises_used :
  (1 / 4 - 2) / (1 + 1 / 4) - 1 = - 12 / 5 /\ three 1 1 1 = 9 / 2 /\
  three (- 7 / 5) (- 7 / 5) (- 7 / 5) = 441 / 50.
Proof. unfold three; repeat split; field. Qed.

(* A TT-SVD inside a sweep can raise the objective. *)

Definition table (rows : list (list R)) : nat -> nat -> R := fun i j => nth j (nth i rows []) 0.

(* One layer, identity activation, squared loss, no bias, no weight decay: W is d x p, samples are
   the n columns of X. *)
Definition one_layer (d p n : nat) (gamma rho tau : R) (X : matrices p n) (Y V U : matrices d n)
  (W Z : matrices d p) : R :=
  1 / 2 * square (minus V Y) + gamma / 2 * square (minus V U)
  + rho / 2 * square (minus U (product p W X : matrices d n)) + tau / 2 * square (minus W Z).

(* A tensor train of modes 2, 2, 2 and ranks (1,1), as the 2 x 4 matrix with column 2 b + c. *)
Definition train (g1 g2 g3 : nat -> R) (Z : nat -> nat -> R) : Prop :=
  forall a b c, (a < 2)%nat -> (b < 2)%nat -> (c < 2)%nat ->
    Z a (2 * b + c)%nat = g1 a * g2 b * g3 c.

Definition identity4 : matrices 4 4 := table [[1;0;0;0]; [0;1;0;0]; [0;0;1;0]; [0;0;0;1]].
Definition tt_Y : matrices 2 4 := table [[-3/5; 0; 0; 0]; [0; 16/5; 16/5; 0]].
Definition tt_V : matrices 2 4 := table [[0; 0; 0; 0]; [0; 12/5; 12/5; 0]].
Definition tt_U : matrices 2 4 := table [[3/5; 0; 0; 0]; [0; 8/5; 8/5; 0]].
Definition tt_W0 : matrices 2 4 := table [[6/5; 0; 0; 0]; [0; 4/5; 4/5; 0]].
Definition tt_Z0 : matrices 2 4 := table [[6/5; 0; 0; 0]; [0; 0; 0; 0]].
Definition tt_W1 : matrices 2 4 := table [[1; 0; 0; 0]; [0; 4/5; 4/5; 0]].
Definition tt_Z1 : matrices 2 4 := table [[0; 0; 0; 0]; [0; 4/5; 0; 0]].

Definition tt_L := one_layer 2 4 4 1 1 1 identity4 tt_Y.

Lemma square_minus_comm : forall (E : space) (x y : E), square (minus x y) = square (minus y x).
Proof. intros; rewrite !square_minus, (dot_comm _ x y); ring. Qed.

(* What TT-SVD does to such a W with ranks (1,1), from left to right: the nearest rank-one matrix
   a r^T to the unfolding, |a| = 1; then the nearest rank-one matrix to r, folded to 2 x 2. *)
Definition outer (a r : nat -> R) : nat -> nat -> R := fun i j => a i * r j.

Definition tt_svd (W Z : matrices 2 4) : Prop := exists (a r g h : nat -> R),
  a 0%nat ^ 2 + a 1%nat ^ 2 = 1 /\
  (forall b s, square (minus (outer a r : matrices 2 4) W)
               <= square (minus (outer b s : matrices 2 4) W)) /\
  (forall b s, square (minus (outer g h : matrices 2 2) (fun i j => r (2 * i + j)%nat))
               <= square (minus (outer b s : matrices 2 2) (fun i j => r (2 * i + j)%nat))) /\
  forall i j k, (i < 2)%nat -> (j < 2)%nat -> (k < 2)%nat ->
    Z i (2 * j + k)%nat = a i * (g j * h k).

Lemma tt_svd_train : forall W Z, tt_svd W Z -> exists g1 g2 g3, train g1 g2 g3 Z.
Proof.
  intros W Z [a [r [g [h [_ [_ [_ H]]]]]]]; exists a, g, h; intros i j k Hi Hj Hk.
  rewrite H by assumption; ring.
Qed.

(* No rank-one matrix is nearer to the one with rows (s,0,0,0) and (0,4/5,4/5,0) than the smaller of
   s^2 and 32/25. *)
Lemma far_from_rank_one : forall s (b z : nat -> R),
  Rmin (s ^ 2) (32 / 25)
    <= square (minus (outer b z : matrices 2 4) (table [[s; 0; 0; 0]; [0; 4/5; 4/5; 0]])).
Proof.
  intros s b z; set (m := Rmin (s ^ 2) (32 / 25)); set (M := Rmax (s ^ 2) (32 / 25)).
  assert (Hm : m + M = s ^ 2 + 32 / 25) by (unfold m, M, Rmin, Rmax; destruct (Rle_dec _ _); lra).
  assert (H1 : s ^ 2 <= M) by apply Rmax_l; assert (H2 : 32 / 25 <= M) by apply Rmax_r.
  clearbody m M.
  unfold square, minus, outer, table; simpl.
  generalize (b 0%nat) (b 1%nat) (z 0%nat) (z 1%nat) (z 2%nat) (z 3%nat).
  intros b0 b1 z0 z1 z2 z3.
  set (p := s * (b0 * z0) + 4 / 5 * (b1 * z1 + b1 * z2)).
  set (q := (b0 ^ 2 + b1 ^ 2) * (z0 ^ 2 + z1 ^ 2 + z2 ^ 2 + z3 ^ 2)).
  assert (Hp : p ^ 2 <= M * q).
  { assert (C1 : p ^ 2 <= (b0 ^ 2 + b1 ^ 2) * ((s * z0) ^ 2 + (4 / 5 * (z1 + z2)) ^ 2)).
    { assert (I : (b0 ^ 2 + b1 ^ 2) * ((s * z0) ^ 2 + (4 / 5 * (z1 + z2)) ^ 2) - p ^ 2
                  = (b0 * (4 / 5 * (z1 + z2)) - b1 * (s * z0)) ^ 2) by (unfold p; ring).
      pose proof (pow2_ge_0 (b0 * (4 / 5 * (z1 + z2)) - b1 * (s * z0))); lra. }
    assert (C2 : (s * z0) ^ 2 + (4 / 5 * (z1 + z2)) ^ 2
                 <= M * (z0 ^ 2 + z1 ^ 2 + z2 ^ 2 + z3 ^ 2)).
    { pose proof (Rmult_le_compat_r _ _ _ (pow2_ge_0 z0) H1).
      pose proof (pow2_ge_0 (z1 - z2)).
      assert (0 <= z1 ^ 2 + z2 ^ 2) by nra.
      pose proof (Rmult_le_compat_r (z1 ^ 2 + z2 ^ 2) _ _ ltac:(lra) H2).
      assert (0 <= M * z3 ^ 2) by (apply Rmult_le_pos; [lra|apply pow2_ge_0]); lra. }
    assert (0 <= b0 ^ 2 + b1 ^ 2) by nra.
    pose proof (Rmult_le_compat_l (b0 ^ 2 + b1 ^ 2) _ _ ltac:(lra) C2).
    apply Rle_trans with (1 := C1).
    replace (M * q) with ((b0 ^ 2 + b1 ^ 2) * (M * (z0 ^ 2 + z1 ^ 2 + z2 ^ 2 + z3 ^ 2)))
      by (unfold q; ring); assumption. }
  assert (Hq : 0 <= q) by (unfold q; apply Rmult_le_pos; nra).
  assert (Hpq : 2 * p <= M + q).
  { destruct (Rle_dec (2 * p) (M + q)) as [H|H]; [exact H|].
    pose proof (pow2_ge_0 (M - q)); nra. }
  assert (I : m = s ^ 2 + 32 / 25 - M) by lra; rewrite I.
  apply Rle_trans with (s ^ 2 + 32 / 25 - 2 * p + q); [lra|].
  unfold p, q; right; field.
Qed.

(* The same for the 2 x 2 matrix with a = 0: 0 and t across. *)
Lemma far_from_rank_one_across : forall t (b z : nat -> R),
  t ^ 2 <= square (minus (outer b z : matrices 2 2) (table [[0; t]; [t; 0]])).
Proof.
  intros t b z; unfold square, minus, outer, table; simpl.
  generalize (b 0%nat) (b 1%nat) (z 0%nat) (z 1%nat); intros b0 b1 z0 z1.
  set (p := t * (b0 * z1 + b1 * z0)); set (q := (b0 ^ 2 + b1 ^ 2) * (z0 ^ 2 + z1 ^ 2)).
  assert (Hp : p ^ 2 <= t ^ 2 * q).
  { assert (I : t ^ 2 * q - p ^ 2 = t ^ 2 * (b0 * z0 - b1 * z1) ^ 2) by (unfold p, q; ring).
    pose proof (Rmult_le_pos _ _ (pow2_ge_0 t) (pow2_ge_0 (b0 * z0 - b1 * z1))); lra. }
  assert (Hq : 0 <= q) by (unfold q; apply Rmult_le_pos; nra).
  assert (Hpq : 2 * p <= t ^ 2 + q).
  { destruct (Rle_dec (2 * p) (t ^ 2 + q)) as [H|H]; [exact H|].
    pose proof (pow2_ge_0 (t ^ 2 - q)); pose proof (pow2_ge_0 t); nra. }
  apply Rle_trans with (2 * t ^ 2 - 2 * p + q); [lra|].
  unfold p, q; right; field.
Qed.

Lemma tt_Z0_is_tt_svd : tt_svd tt_W0 tt_Z0.
Proof.
  exists (fun i => match i with 0%nat => 1 | _ => 0 end),
    (fun j => match j with 0%nat => 6 / 5 | _ => 0 end),
    (fun j => match j with 0%nat => 6 / 5 | _ => 0 end),
    (fun j => match j with 0%nat => 1 | _ => 0 end).
  split; [ring|split; [|split]].
  - intros b s; pose proof (far_from_rank_one (6 / 5) b s) as H.
    rewrite Rmin_right in H by lra.
    apply Rle_trans with (32 / 25); [|exact H].
    unfold square, minus, outer, tt_W0, table; simpl; lra.
  - intros b s; apply Rle_trans with 0; [|apply square_nonneg].
    unfold square, minus, outer; simpl; lra.
  - intros [|[|i]] [|[|j]] [|[|k]] Hi Hj Hk; try lia; unfold tt_Z0, table; simpl; ring.
Qed.

Lemma tt_Z1_is_tt_svd : tt_svd tt_W1 tt_Z1.
Proof.
  exists (fun i => match i with 0%nat => 0 | _ => 1 end),
    (fun j => match j with 1%nat | 2%nat => 4 / 5 | _ => 0 end),
    (fun j => match j with 0%nat => 4 / 5 | _ => 0 end),
    (fun j => match j with 0%nat => 0 | _ => 1 end).
  split; [ring|split; [|split]].
  - intros b s; pose proof (far_from_rank_one 1 b s) as H.
    rewrite Rmin_left in H by lra.
    apply Rle_trans with (1 ^ 2); [|exact H].
    unfold square, minus, outer, tt_W1, table; simpl; lra.
  - intros b s; pose proof (far_from_rank_one_across (4 / 5) b s) as H.
    apply Rle_trans with ((4 / 5) ^ 2); [|exact H].
    unfold square, minus, outer; simpl; lra.
  - intros [|[|i]] [|[|j]] [|[|k]] Hi Hj Hk; try lia; unfold tt_Z1, table; simpl; ring.
Qed.

(* alpha = gamma = rho = tau = 1.  At (V, U, W0, Z0) the V step and the U step stay where they are
   and the W step goes to W1: all three are exact minimisers.  Z0 is a TT-SVD of W0 and Z1 one of
   W1, both of ranks (1,1).  Going on to Z1 the objective rises from 151/50 to 159/50, above the
   31/10 from which the sweep began.  Not proved: that the other TT-SVDs of W1, of which the second
   step has a tie, have this objective too. *)
Theorem tt_svd_raises :
  (forall V, tt_L tt_V tt_U tt_W0 tt_Z0 + 1 / 2 * square (minus tt_V tt_V)
             <= tt_L V tt_U tt_W0 tt_Z0 + 1 / 2 * square (minus V tt_V)) /\
  (forall U, tt_L tt_V tt_U tt_W0 tt_Z0 <= tt_L tt_V U tt_W0 tt_Z0) /\
  (forall W, tt_L tt_V tt_U tt_W1 tt_Z0 + 1 / 2 * square (minus tt_W1 tt_W0)
             <= tt_L tt_V tt_U W tt_Z0 + 1 / 2 * square (minus W tt_W0)) /\
  tt_svd tt_W0 tt_Z0 /\ tt_svd tt_W1 tt_Z1 /\
  (exists g1 g2 g3, train g1 g2 g3 tt_Z0) /\ (exists g1 g2 g3, train g1 g2 g3 tt_Z1) /\
  tt_L tt_V tt_U tt_W0 tt_Z0 = 31 / 10 /\
  tt_L tt_V tt_U tt_W1 tt_Z0 = 151 / 50 /\
  tt_L tt_V tt_U tt_W1 tt_Z1 = 159 / 50.
Proof.
  unfold tt_L, one_layer; repeat apply conj.
  - intro V.
    assert (I : 1 / 2 * square (minus V tt_Y) + 1 / 2 * square (minus V tt_U)
                + 1 / 2 * square (minus V tt_V)
                - (1 / 2 * square (minus tt_V tt_Y) + 1 / 2 * square (minus tt_V tt_U)
                   + 1 / 2 * square (minus tt_V tt_V)) = 3 / 2 * square (minus V tt_V))
      by (unfold square, minus, tt_V, tt_U, tt_Y, table; simpl; field).
    pose proof (square_nonneg (minus V tt_V)); lra.
  - intro U.
    assert (I : 1 / 2 * square (minus tt_V U)
                + 1 / 2 * square (minus U (product 4 tt_W0 identity4 : matrices 2 4))
                - (1 / 2 * square (minus tt_V tt_U)
                   + 1 / 2 * square (minus tt_U (product 4 tt_W0 identity4 : matrices 2 4)))
                = square (minus U tt_U))
      by (unfold square, minus, tt_V, tt_U, tt_W0, product, identity4, table; simpl; field).
    pose proof (square_nonneg (minus U tt_U)); lra.
  - intro W.
    assert (I : 1 / 2 * square (minus tt_U (product 4 W identity4 : matrices 2 4))
                + 1 / 2 * square (minus W tt_Z0) + 1 / 2 * square (minus W tt_W0)
                - (1 / 2 * square (minus tt_U (product 4 tt_W1 identity4 : matrices 2 4))
                   + 1 / 2 * square (minus tt_W1 tt_Z0) + 1 / 2 * square (minus tt_W1 tt_W0))
                = 3 / 2 * square (minus W tt_W1))
      by (unfold square, minus, tt_U, tt_W0, tt_W1, tt_Z0, product, identity4, table; simpl; field).
    pose proof (square_nonneg (minus W tt_W1)); lra.
  - exact tt_Z0_is_tt_svd.
  - exact tt_Z1_is_tt_svd.
  - exact (tt_svd_train _ _ tt_Z0_is_tt_svd).
  - exact (tt_svd_train _ _ tt_Z1_is_tt_svd).
  - unfold square, minus, tt_V, tt_U, tt_Y, tt_W0, tt_Z0, product, identity4, table; simpl; field.
  - unfold square, minus, tt_V, tt_U, tt_Y, tt_W1, tt_Z0, product, identity4, table; simpl; field.
  - unfold square, minus, tt_V, tt_U, tt_Y, tt_W1, tt_Z1, product, identity4, table; simpl; field.
Qed.

(* Boundedness at mu = 0. *)

(* Two layers, ReLU then identity, squared loss: widths p, d, q, n samples. *)
Record net (p d q n : nat) := Net {
  V1 : matrices d n; U1 : matrices d n; W1 : matrices d p; b1 : vectors d; Z1 : matrices d p;
  V2 : matrices q n; U2 : matrices q n; W2 : matrices q d; b2 : vectors q; Z2 : matrices q d }.

Arguments Net {p d q n}.
Arguments V1 {p d q n}. Arguments U1 {p d q n}. Arguments W1 {p d q n}. Arguments b1 {p d q n}.
Arguments Z1 {p d q n}. Arguments V2 {p d q n}. Arguments U2 {p d q n}. Arguments W2 {p d q n}.
Arguments b2 {p d q n}. Arguments Z2 {p d q n}.

Definition objective {p d q n : nat} (gamma rho tau mu : R) (X : matrices p n) (Y : matrices q n)
  (P : net p d q n) : R :=
  1 / 2 * square (minus (V2 P) Y)
  + gamma / 2 * (square (minus (V1 P) ((fun i j => relu (U1 P i j)) : matrices d n))
                 + square (minus (V2 P) (U2 P)))
  + rho / 2 * (square (minus (U1 P) (affine p X (W1 P, b1 P) : matrices d n))
               + square (minus (U2 P) (affine d (V1 P) (W2 P, b2 P) : matrices q n)))
  + tau / 2 * (square (minus (W1 P) (Z1 P)) + square (minus (W2 P) (Z2 P)))
  + mu / 2 * (square (W1 P) + square (W2 P) + square (b1 P) + square (b2 P)).

Definition nothing : nat -> nat -> R := fun _ _ => 0.

Lemma matrix_square_zero : forall d p (x : matrices d p),
  (forall i k, (i < d)%nat -> (k < p)%nat -> x i k = 0) -> square x = 0.
Proof. intros d p x Hx; apply matrix_residual_zero; exact Hx. Qed.

Lemma total_zeros : forall f n, (forall k, (k < n)%nat -> f k = 0) -> total f n = 0.
Proof.
  intros f n H; transitivity (total (fun _ => 0 * 0) n); [|rewrite total_scal; ring].
  apply total_ext; intros k Hk; rewrite (H k Hk); ring.
Qed.

Lemma total_const : forall c n, total (fun _ => c) n = INR n * c.
Proof.
  intros c n; induction n as [|n IH]; [simpl; ring|].
  rewrite S_INR; cbn [total]; rewrite IH; ring.
Qed.

(* Only the first bias and its U are not zero: b_1 = -t 1 and U_1 = -t 1 1^T. *)
Definition far_bias (p d q n : nat) (t : R) : net p d q n :=
  Net nothing (fun _ _ => - t) nothing (fun _ => - t) nothing
      nothing nothing nothing (fun _ => 0) nothing.

Lemma far_bias_objective : forall p d q n gamma rho tau mu X t, 0 <= t ->
  objective gamma rho tau mu X nothing (far_bias p d q n t) = mu / 2 * (INR d * t ^ 2).
Proof.
  intros p d q n gamma rho tau mu X t Ht; unfold objective, far_bias.
  cbn [V1 U1 W1 b1 Z1 V2 U2 W2 b2 Z2].
  rewrite !matrix_square_zero;
    try (intros i k Hi Hk; unfold minus, nothing, affine; simpl; rewrite ?relu_neg by lra;
         try unfold product; rewrite ?total_zeros by (intros; ring); ring).
  replace (square ((fun _ => - t) : vectors d)) with (INR d * t ^ 2)
    by (unfold square; simpl; rewrite total_const; ring).
  replace (square ((fun _ => 0) : vectors q)) with 0
    by (unfold square; simpl; rewrite total_const; ring).
  ring.
Qed.

(* For all widths, samples X and weights gamma, rho, tau, with Y = 0 and mu = 0: the objective is 0
   along iterates of which the bias alone exceeds any bound.  So a bounded objective bounds
   nothing at mu = 0. *)
Theorem unbounded_without_decay : forall p d q n gamma rho tau (X : matrices p n) bound,
  (0 < d)%nat ->
  exists P : net p d q n, objective gamma rho tau 0 X nothing P = 0 /\ bound < square (b1 P).
Proof.
  intros p d q n gamma rho tau X bound Hd.
  set (t := 1 + Rabs bound); assert (Ht : 1 <= t) by (unfold t; pose proof (Rabs_pos bound); lra).
  exists (far_bias p d q n t); split; [rewrite far_bias_objective by lra; field|].
  cbn [far_bias b1]; unfold square; simpl; rewrite total_const.
  assert (Hn : 1 <= INR d) by (apply (le_INR 1); lia).
  assert (bound < t) by (unfold t; pose proof (Rle_abs bound); lra).
  assert (t <= t * t) by nra.
  pose proof (Rmult_le_compat_r (t * t) 1 (INR d) ltac:(nra) Hn); lra.
Qed.

(* With mu > 0 the objective of those iterates is mu/2 d t^2: the bias belongs in the mu term. *)
Theorem decay_holds_the_bias : forall p d q n gamma rho tau mu (X : matrices p n) t,
  0 <= t ->
  objective gamma rho tau mu X nothing (far_bias p d q n t) = mu / 2 * (INR d * t ^ 2).
Proof. intros; apply far_bias_objective; assumption. Qed.

(* Without a bias: X >= 0, W_1 = Z_1 = -t e_1 e_1^T with one nonzero, U_1 = W_1 X. *)
Definition corner (t : R) : nat -> nat -> R := fun i k =>
  match i, k with O, O => - t | _, _ => 0 end.

Theorem unbounded_without_bias : forall p d q n gamma rho tau (X : matrices p n) bound,
  (0 < p)%nat -> (0 < d)%nat -> (forall k j, 0 <= X k j) ->
  exists P : net p d q n, objective gamma rho tau 0 X nothing P = 0 /\
    b1 P = (fun _ => 0) /\ b2 P = (fun _ => 0) /\ bound < square (W1 P).
Proof.
  intros p d q n gamma rho tau X bound Hp Hd HX.
  set (t := 1 + Rabs bound); assert (Ht : 1 <= t) by (unfold t; pose proof (Rabs_pos bound); lra).
  assert (HU : forall i j, product p (corner t) X i j <= 0).
  { intros i j; unfold product.
    pose proof (total_le (fun k => corner t i k * X k j) (fun _ => 0) p) as H.
    rewrite total_const, Rmult_0_r in H; apply H; intros k Hk; specialize (HX k j).
    unfold corner; destruct i, k; nra. }
  exists (Net nothing (product p (corner t) X) (corner t) (fun _ => 0) (corner t)
              nothing nothing nothing (fun _ => 0) nothing).
  split; [|split; [reflexivity|split; [reflexivity|]]].
  - unfold objective; cbn [V1 U1 W1 b1 Z1 V2 U2 W2 b2 Z2].
    rewrite !(matrix_square_zero d n), !(matrix_square_zero q n), !(matrix_square_zero q d);
      try (intros i k Hi Hk; unfold minus, nothing, affine; simpl; rewrite ?relu_neg by apply HU;
           try (unfold product at 1; rewrite total_zeros by (intros; ring)); ring).
    rewrite square_minus_self; field.
  - cbn [W1]; destruct p as [|p]; [lia|]; destruct d as [|d]; [lia|].
    change (bound < total (fun i => total (fun k => corner t i k * corner t i k) (S p)) (S d)).
    rewrite total_shift, (total_shift (fun k => corner t 0 k * corner t 0 k)).
    rewrite (total_zeros (fun k => corner t 0 (S k) * corner t 0 (S k)))
      by (intros; unfold corner; ring).
    rewrite (total_zeros (fun i => total (fun k => corner t (S i) k * corner t (S i) k) (S p)))
      by (intros; apply total_zeros; intros; unfold corner; ring).
    cbn [corner].
    assert (bound < t) by (unfold t; pose proof (Rle_abs bound); lra); nra.
Qed.

(* Tensor-train cores of modes (1,1): t and 1/t have the product 1 whatever t is, so that neither
   the reconstruction nor mu |W|^2 bounds them. *)
Theorem cores_unbounded : forall bound : R, exists g1 g2, g1 * g2 = 1 /\ bound < g1 ^ 2 + g2 ^ 2.
Proof.
  intro bound; set (t := 1 + Rabs bound).
  assert (Ht : 1 <= t) by (unfold t; pose proof (Rabs_pos bound); lra).
  exists t, (/ t); split; [field; lra|].
  assert (bound < t) by (unfold t; pose proof (Rle_abs bound); lra).
  pose proof (pow2_ge_0 (/ t)); nra.
Qed.
