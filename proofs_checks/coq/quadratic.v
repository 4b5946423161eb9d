(* The quadratic block, in any real space with a form <x,y>: vectors, matrices of any size, pairs
   of them.

   Claims served: "W step", "(W,b) step", "V step", "identity U step": that the exact solve is a
   global minimiser, and how far any solve, exact or not, lowers the objective.  Last, the step of
   any convex loss.  Nothing is claimed on how the residual was computed.

   The form need not be definite: |x|^2 = 0 may hold for other points than zero. *)

From Coq Require Import Reals Lra Lia Psatz FunctionalExtensionality.
From NNBCD Require Import sums.
Open Scope R_scope.

Record space := Space {
  point :> Type;
  zero : point;
  plus : point -> point -> point;
  times : R -> point -> point;
  dot : point -> point -> R;
  plus_comm : forall x y, plus x y = plus y x;
  plus_assoc : forall x y z, plus x (plus y z) = plus (plus x y) z;
  plus_zero : forall x, plus x zero = x;
  times_one : forall x, times 1 x = x;
  times_zero : forall x, times 0 x = zero;
  times_sum : forall a b x, times (a + b) x = plus (times a x) (times b x);
  dot_comm : forall x y, dot x y = dot y x;
  dot_plus : forall x y z, dot (plus x y) z = dot x z + dot y z;
  dot_times : forall a x y, dot (times a x) y = a * dot x y;
  dot_nonneg : forall x, 0 <= dot x x }.

Arguments zero {_}.
Arguments plus {_} _ _.
Arguments times {_} _ _.
Arguments dot {_} _ _.

Definition minus {E : space} (x y : E) : E := plus x (times (-1) y).
Definition square {E : space} (x : E) : R := dot x x.
Definition norm {E : space} (x : E) : R := sqrt (square x).

(* The vectors with n entries, as functions of which only the first n values count. *)
Definition vectors (n : nat) : space.
Proof.
  refine (Space (nat -> R) (fun _ => 0) (fun x y i => x i + y i) (fun a x i => a * x i)
            (fun x y => total (fun i => x i * y i) n) _ _ _ _ _ _ _ _ _ _);
    intros; try (apply functional_extensionality; intro i; ring).
  - apply total_ext; intros; ring.
  - rewrite <- total_plus; apply total_ext; intros; ring.
  - rewrite <- total_scal; apply total_ext; intros; ring.
  - apply total_nonneg; intros; nra.
Defined.

(* The matrices with n rows and p columns. *)
Definition matrices (n p : nat) : space.
Proof.
  refine (Space (nat -> nat -> R) (fun _ _ => 0) (fun x y i j => x i j + y i j)
            (fun a x i j => a * x i j)
            (fun x y => total (fun i => total (fun j => x i j * y i j) p) n) _ _ _ _ _ _ _ _ _ _);
    intros; try (apply functional_extensionality; intro i;
                 apply functional_extensionality; intro j; ring).
  - apply total_ext; intros; apply total_ext; intros; ring.
  - rewrite <- total_plus; apply total_ext; intros; rewrite <- total_plus.
    apply total_ext; intros; ring.
  - rewrite <- total_scal; apply total_ext; intros; rewrite <- total_scal.
    apply total_ext; intros; ring.
  - apply total_nonneg; intros; apply total_nonneg; intros; nra.
Defined.

Section Space.

Context {E : space}.
Implicit Types x y z : E.

Lemma dot_plus_r : forall x y z, dot x (plus y z) = dot x y + dot x z.
Proof. intros; rewrite dot_comm, dot_plus, !(dot_comm _ x); reflexivity. Qed.

Lemma dot_times_r : forall a x y, dot x (times a y) = a * dot x y.
Proof. intros; rewrite dot_comm, dot_times, (dot_comm _ x); reflexivity. Qed.

Lemma dot_zero : forall x, dot zero x = 0.
Proof. intro x; rewrite <- (times_zero _ x), dot_times; ring. Qed.

Lemma dot_zero_r : forall x, dot x zero = 0.
Proof. intro x; rewrite dot_comm; apply dot_zero. Qed.

(* y is x moved by y - x. *)
Lemma plus_minus : forall x y, plus x (minus y x) = y.
Proof.
  intros x y; unfold minus.
  rewrite (plus_comm _ y), plus_assoc, <- (times_one _ x) at 1.
  rewrite <- times_sum; replace (1 + -1) with 0 by ring.
  rewrite times_zero, plus_comm; apply plus_zero.
Qed.

Lemma square_nonneg : forall x, 0 <= square x.
Proof. intro x; apply dot_nonneg. Qed.

Lemma square_plus : forall x y, square (plus x y) = square x + 2 * dot x y + square y.
Proof.
  intros; unfold square; rewrite dot_plus, !dot_plus_r, (dot_comm _ y x); ring.
Qed.

Lemma square_times : forall a x, square (times a x) = a ^ 2 * square x.
Proof. intros; unfold square; rewrite dot_times, dot_times_r; ring. Qed.

Lemma square_minus : forall x y, square (minus x y) = square x - 2 * dot x y + square y.
Proof. intros; unfold minus; rewrite square_plus, square_times, dot_times_r; ring. Qed.

Lemma dot_minus : forall x y z, dot (minus x y) z = dot x z - dot y z.
Proof. intros; unfold minus; rewrite dot_plus, dot_times; ring. Qed.

Lemma dot_minus_r : forall x y z, dot x (minus y z) = dot x y - dot x z.
Proof. intros; unfold minus; rewrite dot_plus_r, dot_times_r; ring. Qed.

Lemma dot_square_le : forall x y, dot x y ^ 2 <= square x * square y.
Proof.
  intros x y.
  pose proof (square_nonneg x) as Hx; pose proof (square_nonneg y) as Hy.
  pose proof (square_nonneg (minus (times (square y) x) (times (dot x y) y))) as H.
  rewrite square_minus, !square_times, dot_times, dot_times_r in H.
  destruct (Req_EM_T (square y) 0) as [Ey|Ey].
  - destruct (Req_EM_T (dot x y) 0) as [E0|E0]; [rewrite E0, Ey; lra|].
    pose proof (square_nonneg (minus x (times ((square x + 1) / dot x y) y))) as H0.
    rewrite square_minus, square_times, dot_times_r, Ey in H0.
    replace ((square x + 1) / dot x y * dot x y) with (square x + 1) in H0 by (field; exact E0).
    lra.
  - assert (0 <= square y * (square x * square y - dot x y ^ 2)) by lra.
    destruct (Rle_dec (dot x y ^ 2) (square x * square y)) as [H1|H1]; [exact H1|].
    assert (0 < square y * - (square x * square y - dot x y ^ 2))
      by (apply Rmult_lt_0_compat; lra).
    lra.
Qed.

(* Cauchy and Schwarz, without definiteness. *)
Lemma dot_le_norms : forall x y, dot x y <= norm x * norm y.
Proof.
  intros x y; unfold norm; rewrite <- sqrt_mult by apply square_nonneg.
  destruct (Rle_dec 0 (dot x y)) as [H|H].
  - rewrite <- (sqrt_pow2 _ H); apply sqrt_le_1_alt, dot_square_le.
  - apply Rle_trans with 0; [lra|apply sqrt_pos].
Qed.

Lemma norm_nonneg : forall x, 0 <= norm x.
Proof. intro x; apply sqrt_pos. Qed.

Lemma norm_square : forall x, norm x ^ 2 = square x.
Proof. intro x; apply square_sqrt, square_nonneg. Qed.

End Space.

(* A map that keeps sums and multiples. *)
Definition linear {E F : space} (T : E -> F) : Prop :=
  (forall x y, T (plus x y) = plus (T x) (T y)) /\ forall a x, T (times a x) = times a (T x).

Definition symmetric {E : space} (H : E -> E) : Prop := forall x y, dot x (H y) = dot (H x) y.

(* q(P) = 1/2 <P,HP> - <c,P> + k. *)
Definition quadratic {E : space} (H : E -> E) (c : E) (k : R) (P : E) : R :=
  1 / 2 * dot P (H P) - dot c P + k.

(* The gradient of q + a/2 |. - P0|^2 at P1: the residual of the normal equation. *)
Definition residual {E : space} (H : E -> E) (c : E) (a : R) (P0 P1 : E) : E :=
  plus (minus (H P1) c) (times a (minus P1 P0)).

(* For any P1 and P0, with D = P1 - P0: q(P0) - q(P1) = <D, (a + H/2) D> - <R, D>.  Exact, whatever
   P1 is: so a block's decrease can be had without cancelling two large losses. *)
Theorem quadratic_identity : forall (E : space) (H : E -> E) c k a P0 P1,
  linear H -> symmetric H ->
  let D := minus P1 P0 in
  quadratic H c k P0 - quadratic H c k P1
    = dot D (plus (times a D) (times (1 / 2) (H D))) - dot (residual H c a P0 P1) D.
Proof.
  intros E H c k a P0 P1 [Hplus Htimes] Hsym D.
  assert (ED : H D = minus (H P1) (H P0)) by (unfold D, minus; rewrite Hplus, Htimes; reflexivity).
  assert (S : dot P0 (H P1) = dot P1 (H P0)) by (rewrite Hsym; apply dot_comm).
  unfold quadratic, residual; rewrite ED; unfold D, minus.
  repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
  rewrite !(dot_comm _ (H P1)), S, (dot_comm _ P0 P1); field.
Qed.
