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
  repeat split; try (left; reflexivity); try (right; reflexivity); try (rewrite !square_two; simpl; ring).
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

(* alpha = gamma = rho = tau = 1.  At (V, U, W0, Z0) the V step and the U step stay where they are
   and the W step goes to W1: all three are exact minimisers.  Z0 and Z1 are trains of ranks (1,1).
   Going on to Z1 the objective rises from 151/50 to 159/50, above the 31/10 from which the sweep
   began.  Z1 is what a left-to-right TT-SVD of W1 may give (its second step has a tie, of which
   every choice has this objective); that is not proved here, nor needed for the values. *)
Theorem tt_svd_raises :
  (forall V, tt_L tt_V tt_U tt_W0 tt_Z0 + 1 / 2 * square (minus tt_V tt_V)
             <= tt_L V tt_U tt_W0 tt_Z0 + 1 / 2 * square (minus V tt_V)) /\
  (forall U, tt_L tt_V tt_U tt_W0 tt_Z0 <= tt_L tt_V U tt_W0 tt_Z0) /\
  (forall W, tt_L tt_V tt_U tt_W1 tt_Z0 + 1 / 2 * square (minus tt_W1 tt_W0)
             <= tt_L tt_V tt_U W tt_Z0 + 1 / 2 * square (minus W tt_W0)) /\
  (exists g1 g2 g3, train g1 g2 g3 tt_Z0) /\ (exists g1 g2 g3, train g1 g2 g3 tt_Z1) /\
  tt_L tt_V tt_U tt_W0 tt_Z0 = 31 / 10 /\
  tt_L tt_V tt_U tt_W1 tt_Z0 = 151 / 50 /\
  tt_L tt_V tt_U tt_W1 tt_Z1 = 159 / 50.
Proof.
  unfold tt_L, one_layer; repeat split.
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
  - exists (fun a => match a with 0%nat => 6 / 5 | _ => 0 end),
      (fun b => match b with 0%nat => 1 | _ => 0 end),
      (fun c => match c with 0%nat => 1 | _ => 0 end).
    intros [|[|a]] [|[|b]] [|[|c]] Ha Hb Hc; try lia; unfold tt_Z0, table; simpl; ring.
  - exists (fun a => match a with 0%nat => 0 | _ => 4 / 5 end),
      (fun b => match b with 0%nat => 1 | _ => 0 end),
      (fun c => match c with 0%nat => 0 | _ => 1 end).
    intros [|[|a]] [|[|b]] [|[|c]] Ha Hb Hc; try lia; unfold tt_Z1, table; simpl; ring.
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
  intros p d q n gamma rho tau mu X t Ht; unfold objective, far_bias; cbn [V1 U1 W1 b1 Z1 V2 U2 W2 b2 Z2].
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
