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
