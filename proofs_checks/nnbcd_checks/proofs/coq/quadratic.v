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

(* Where H is at least lam along the step: an inexact solve costs |R| |D|. *)
Theorem quadratic_decrease : forall (E : space) (H : E -> E) c k a lam P0 P1,
  linear H -> symmetric H ->
  let D := minus P1 P0 in
  lam * square D <= dot D (H D) ->
  (a + lam / 2) * square D - norm (residual H c a P0 P1) * norm D
    <= quadratic H c k P0 - quadratic H c k P1.
Proof.
  intros E H c k a lam P0 P1 Hlin Hsym D Hlam.
  rewrite (quadratic_identity E H c k a P0 P1 Hlin Hsym); fold D.
  rewrite dot_plus_r, !dot_times_r; fold (square D).
  pose proof (dot_le_norms (residual H c a P0 P1) D); lra.
Qed.

(* A residual of at most theta |D| costs theta. *)
Theorem quadratic_decrease_inexact : forall (E : space) (H : E -> E) c k a lam theta P0 P1,
  linear H -> symmetric H ->
  let D := minus P1 P0 in
  lam * square D <= dot D (H D) ->
  norm (residual H c a P0 P1) <= theta * norm D ->
  (a + lam / 2 - theta) * square D <= quadratic H c k P0 - quadratic H c k P1.
Proof.
  intros E H c k a lam theta P0 P1 Hlin Hsym D Hlam Hr.
  pose proof (quadratic_decrease E H c k a lam P0 P1 Hlin Hsym Hlam) as Hd; fold D in Hd.
  pose proof (Rmult_le_compat_r (norm D) _ _ (norm_nonneg D) Hr) as Hm.
  pose proof (norm_square D) as Es; nra.
Qed.

(* A residual orthogonal to the step, as conjugate gradients started at the old value leave it at
   any iteration, costs nothing. *)
Theorem quadratic_decrease_orthogonal : forall (E : space) (H : E -> E) c k a lam P0 P1,
  linear H -> symmetric H ->
  let D := minus P1 P0 in
  lam * square D <= dot D (H D) ->
  dot (residual H c a P0 P1) D = 0 ->
  (a + lam / 2) * square D <= quadratic H c k P0 - quadratic H c k P1.
Proof.
  intros E H c k a lam P0 P1 Hlin Hsym D Hlam Hr.
  rewrite (quadratic_identity E H c k a P0 P1 Hlin Hsym); fold D.
  rewrite dot_plus_r, !dot_times_r, Hr; fold (square D); lra.
Qed.

(* Where H + a is nowhere negative, a point without residual is a global minimiser of
   q + a/2 |. - P0|^2. *)
Theorem quadratic_minimum : forall (E : space) (H : E -> E) c k a P0 P1,
  linear H -> symmetric H ->
  (forall x : E, 0 <= dot x (H x) + a * square x) ->
  (forall x : E, dot (residual H c a P0 P1) x = 0) ->
  forall X, quadratic H c k P1 + a / 2 * square (minus P1 P0)
            <= quadratic H c k X + a / 2 * square (minus X P0).
Proof.
  intros E H c k a P0 P1 [Hplus Htimes] Hsym Hpos Hr X.
  assert (I : quadratic H c k X + a / 2 * square (minus X P0)
              - (quadratic H c k P1 + a / 2 * square (minus P1 P0))
              = dot (residual H c a P0 P1) (minus X P1)
                + 1 / 2 * (dot (minus X P1) (H (minus X P1)) + a * square (minus X P1))).
  { assert (ED : H (minus X P1) = minus (H X) (H P1))
      by (unfold minus; rewrite Hplus, Htimes; reflexivity).
    assert (S : dot P1 (H X) = dot X (H P1)) by (rewrite Hsym; apply dot_comm).
    unfold quadratic, residual, square; rewrite ED; unfold minus.
    repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
    rewrite !(dot_comm _ (H P1)), S, (dot_comm _ P0 X), (dot_comm _ P0 P1), (dot_comm _ P1 X).
    field. }
  rewrite Hr in I; specialize (Hpos (minus X P1)); lra.
Qed.

(* Conversely a minimiser leaves no residual. *)
Theorem quadratic_minimum_residual : forall (E : space) (H : E -> E) c k a P0 P1,
  linear H -> symmetric H ->
  (forall X, quadratic H c k P1 + a / 2 * square (minus P1 P0)
             <= quadratic H c k X + a / 2 * square (minus X P0)) ->
  forall x : E, dot (residual H c a P0 P1) x = 0.
Proof.
  intros E H c k a P0 P1 [Hplus Htimes] Hsym Hmin x.
  set (r := dot (residual H c a P0 P1) x); set (h := dot x (H x) + a * square x).
  assert (I : forall t, 0 <= t * r + t ^ 2 / 2 * h).
  { intro t; specialize (Hmin (plus P1 (times t x))).
    assert (I : quadratic H c k (plus P1 (times t x))
                + a / 2 * square (minus (plus P1 (times t x)) P0)
                - (quadratic H c k P1 + a / 2 * square (minus P1 P0)) = t * r + t ^ 2 / 2 * h).
    { assert (S : dot P1 (H x) = dot x (H P1)) by (rewrite Hsym; apply dot_comm).
      unfold r, h, quadratic, residual, square; rewrite Hplus, Htimes; unfold minus.
      repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
      rewrite !(dot_comm _ (H P1)), S, (dot_comm _ P0 x), (dot_comm _ P0 P1), (dot_comm _ P1 x).
      field. }
    lra. }
  destruct (Req_EM_T r 0) as [E0|E0]; [exact E0|exfalso].
  set (t := - r / (1 + Rabs h)).
  assert (Hh : 0 < 1 + Rabs h) by (pose proof (Rabs_pos h); lra).
  specialize (I t).
  assert (Et : r = - (t * (1 + Rabs h))) by (unfold t; field; lra).
  assert (Ht : 0 < t ^ 2) by (destruct (Req_EM_T t 0) as [Z|Z]; [rewrite Z in Et; lra|]; nra).
  assert (0 <= t ^ 2 * (Rabs h - h)) by (apply Rmult_le_pos; [lra|pose proof (Rle_abs h); lra]).
  pose proof (Rmult_le_pos _ _ (Rlt_le _ _ Ht) (Rabs_pos h)).
  rewrite Et in I; lra.
Qed.

(* On the reals themselves: q(P) = P^2 - P with a = 1, from 0 to 1/3, the exact step. *)
Definition line : space.
Proof.
  refine (Space R 0 Rplus Rmult Rmult _ _ _ _ _ _ _ _ _ _); intros; try ring; nra.
Defined.

Lemma quadratic_used :
  let q := quadratic (E := line) (fun P : line => 2 * P) 1 0 in
  (1 + 2 / 2) * (1 / 3) ^ 2 <= q 0 - q (1 / 3) /\
  forall X : R, q (1 / 3) + 1 / 2 * (1 / 3) ^ 2 <= q X + 1 / 2 * X ^ 2.
Proof.
  intro q; assert (Hlin : linear (E := line) (F := line) (fun P : line => 2 * P))
    by (split; intros; simpl; ring).
  assert (Hsym : symmetric (E := line) (fun P : line => 2 * P)) by (intros x y; simpl; ring).
  assert (Hr : forall x : line,
             dot (residual (E := line) (fun P : line => 2 * P) 1 1 0 (1 / 3)) x = 0)
    by (intro x; unfold residual, minus; simpl; field).
  split.
  - pose proof (quadratic_decrease_orthogonal line _ 1 0 1 2 0 (1 / 3) Hlin Hsym) as Hd.
    unfold q; simpl in Hd; unfold minus, square in Hd; simpl in Hd.
    apply Rle_trans with
      ((1 + 2 / 2) * ((1 / 3 + -1 * 0) * (1 / 3 + -1 * 0))); [lra|apply Hd; [lra|apply Hr]].
  - intro X.
    pose proof (quadratic_minimum line _ 1 0 1 0 (1 / 3) Hlin Hsym) as Hm.
    assert (Hp : forall x : line, 0 <= dot x (2 * x) + 1 * square x)
      by (intro x; unfold square; simpl; nra).
    specialize (Hm Hp Hr X); unfold square, minus, quadratic in Hm; unfold q, quadratic.
    simpl in Hm; simpl; lra.
Qed.

(* Least squares: what the W, (W,b), V and identity U blocks are.  T and S are linear maps with
   adjoints T' and S'. *)

Definition adjoint {E F : space} (T : E -> F) (T' : F -> E) : Prop :=
  forall x y, dot (T x) y = dot x (T' y).

Definition least_squares {E F G : space} (T : E -> F) (S : E -> G) (r t m : R) (y : F) (c : G)
  (P : E) : R :=
  r / 2 * square (minus (T P) y) + t / 2 * square (minus (S P) c) + m / 2 * square P.

(* The gradient of that function plus a/2 |. - P0|^2, at P1. *)
Definition least_squares_residual {E F G : space} (T : E -> F) (T' : F -> E) (S : E -> G)
  (S' : G -> E) (r t m a : R) (y : F) (c : G) (P0 P1 : E) : E :=
  plus (plus (times r (T' (minus (T P1) y))) (times t (S' (minus (S P1) c))))
       (plus (times m P1) (times a (minus P1 P0))).

Lemma linear_minus : forall (E F : space) (T : E -> F) x y,
  linear T -> T (minus x y) = minus (T x) (T y).
Proof. intros E F T x y [Hp Ht]; unfold minus; rewrite Hp, Ht; reflexivity. Qed.

(* For any P0 and P1: the exact decrease. *)
Theorem least_squares_identity : forall (E F G : space) (T : E -> F) T' (S : E -> G) S'
    r t m a y c P0 P1,
  linear T -> linear S -> adjoint T T' -> adjoint S S' ->
  let D := minus P1 P0 in
  least_squares T S r t m y c P0 - least_squares T S r t m y c P1
    = (a + m / 2) * square D + r / 2 * square (T D) + t / 2 * square (S D)
      - dot (least_squares_residual T T' S S' r t m a y c P0 P1) D.
Proof.
  intros E F G T T' S S' r t m a y c P0 P1 HT HS AT AS D.
  unfold least_squares_residual; fold D.
  rewrite !dot_plus, !dot_times, (dot_comm _ (T' _)), (dot_comm _ (S' _)), <- AT, <- AS.
  unfold D; rewrite !linear_minus by assumption; unfold least_squares, square, minus.
  repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
  rewrite (dot_comm _ P1 P0), (dot_comm _ (T P1) (T P0)), (dot_comm _ (S P1) (S P0)),
    (dot_comm _ y (T P0)), (dot_comm _ y (T P1)), (dot_comm _ c (S P0)), (dot_comm _ c (S P1)).
  field.
Qed.

(* Without a residual P1 is a global minimiser of the function plus a/2 |. - P0|^2, and every other
   point is worse by at least (m + a)/2 times the squared distance. *)
Theorem least_squares_minimum : forall (E F G : space) (T : E -> F) T' (S : E -> G) S'
    r t m a y c P0 P1,
  linear T -> linear S -> adjoint T T' -> adjoint S S' -> 0 <= r -> 0 <= t ->
  (forall x, dot (least_squares_residual T T' S S' r t m a y c P0 P1) x = 0) ->
  forall X, least_squares T S r t m y c P1 + a / 2 * square (minus P1 P0)
            + (m + a) / 2 * square (minus X P1)
            <= least_squares T S r t m y c X + a / 2 * square (minus X P0).
Proof.
  intros E F G T T' S S' r t m a y c P0 P1 HT HS AT AS Hr Ht Hres X.
  assert (I : least_squares T S r t m y c X + a / 2 * square (minus X P0)
              - (least_squares T S r t m y c P1 + a / 2 * square (minus P1 P0))
              = dot (least_squares_residual T T' S S' r t m a y c P0 P1) (minus X P1)
                + r / 2 * square (T (minus X P1)) + t / 2 * square (S (minus X P1))
                + (m + a) / 2 * square (minus X P1)).
  { unfold least_squares_residual.
    rewrite !dot_plus, !dot_times, (dot_comm _ (T' _)), (dot_comm _ (S' _)), <- AT, <- AS.
    rewrite !linear_minus by assumption; unfold least_squares, square, minus.
    repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
    rewrite (dot_comm _ P1 X), (dot_comm _ P0 X), (dot_comm _ P0 P1), (dot_comm _ (T P1) (T X)),
      (dot_comm _ (S P1) (S X)), (dot_comm _ y (T X)), (dot_comm _ y (T P1)),
      (dot_comm _ c (S X)), (dot_comm _ c (S P1)).
    field. }
  rewrite Hres in I.
  pose proof (Rmult_le_pos (r / 2) _ ltac:(lra) (square_nonneg (T (minus X P1)))).
  pose proof (Rmult_le_pos (t / 2) _ ltac:(lra) (square_nonneg (S (minus X P1)))).
  lra.
Qed.

(* The exact solve: both at once. *)
Theorem least_squares_exact : forall (E F G : space) (T : E -> F) T' (S : E -> G) S'
    r t m a y c P0 P1,
  linear T -> linear S -> adjoint T T' -> adjoint S S' -> 0 <= r -> 0 <= t -> 0 <= m + a ->
  (forall x, dot (least_squares_residual T T' S S' r t m a y c P0 P1) x = 0) ->
  let f := least_squares T S r t m y c in
  let D := minus P1 P0 in
  (forall X, f P1 + a / 2 * square D <= f X + a / 2 * square (minus X P0)) /\
  f P0 - f P1 = (a + m / 2) * square D + r / 2 * square (T D) + t / 2 * square (S D).
Proof.
  intros E F G T T' S S' r t m a y c P0 P1 HT HS AT AS Hr Ht Hm Hres f D; split.
  - intro X.
    pose proof (least_squares_minimum E F G T T' S S' r t m a y c P0 P1 HT HS AT AS Hr Ht Hres X)
      as H.
    pose proof (Rmult_le_pos ((m + a) / 2) _ ltac:(lra) (square_nonneg (minus X P1))).
    unfold f, D; lra.
  - pose proof (least_squares_identity E F G T T' S S' r t m a y c P0 P1 HT HS AT AS) as H.
    cbv zeta in H; rewrite Hres in H; unfold f, D; lra.
Qed.

(* The blocks of the network, for matrices of every size.  Samples are columns here. *)

Definition pairs (E F : space) : space.
Proof.
  refine (Space (E * F) (zero, zero) (fun x y => (plus (fst x) (fst y), plus (snd x) (snd y)))
            (fun a x => (times a (fst x), times a (snd x)))
            (fun x y => dot (fst x) (fst y) + dot (snd x) (snd y)) _ _ _ _ _ _ _ _ _ _); intros.
  - f_equal; apply plus_comm.
  - simpl; f_equal; apply plus_assoc.
  - destruct x; simpl; f_equal; apply plus_zero.
  - destruct x; simpl; f_equal; apply times_one.
  - f_equal; apply times_zero.
  - f_equal; apply times_sum.
  - f_equal; apply dot_comm.
  - simpl; rewrite !dot_plus; ring.
  - simpl; rewrite !dot_times; ring.
  - pose proof (dot_nonneg _ (fst x)); pose proof (dot_nonneg _ (snd x)); lra.
Defined.

(* W V, where W has p columns. *)
Definition product (p : nat) (W V : nat -> nat -> R) (i j : nat) : R :=
  total (fun k => W i k * V k j) p.

Definition transpose (V : nat -> nat -> R) (i j : nat) : R := V j i.

(* W V + b 1^T, of the pair (W, b). *)
Definition affine (p : nat) (V : nat -> nat -> R) (P : (nat -> nat -> R) * (nat -> R))
  (i j : nat) : R := product p (fst P) V i j + snd P i.

Lemma product_linear : forall d p n (V : nat -> nat -> R),
  linear (E := matrices d p) (F := matrices d n) (fun W => product p W V).
Proof.
  intros d p n V; split; intros; simpl; apply functional_extensionality; intro i;
    apply functional_extensionality; intro j; unfold product.
  - rewrite <- total_plus; apply total_ext; intros; ring.
  - rewrite <- total_scal; apply total_ext; intros; ring.
Qed.

Lemma product_linear_r : forall d p n (W : nat -> nat -> R),
  linear (E := matrices p n) (F := matrices d n) (fun V => product p W V).
Proof.
  intros d p n V; split; intros; simpl; apply functional_extensionality; intro i;
    apply functional_extensionality; intro j; unfold product.
  - rewrite <- total_plus; apply total_ext; intros; ring.
  - rewrite <- total_scal; apply total_ext; intros; ring.
Qed.

Lemma total_scal_r : forall c f n, total (fun k => f k * c) n = total f n * c.
Proof. intros; rewrite Rmult_comm, <- total_scal; apply total_ext; intros; ring. Qed.

Lemma product_adjoint : forall d p n (V : nat -> nat -> R),
  adjoint (E := matrices d p) (F := matrices d n) (fun W => product p W V)
    (fun Y => product n Y (transpose V)).
Proof.
  intros d p n V W Y; simpl; apply total_ext; intros i Hi; unfold product, transpose.
  transitivity (total (fun j => total (fun k => W i k * V k j * Y i j) p) n).
  - apply total_ext; intros; rewrite total_scal_r; reflexivity.
  - rewrite total_swap; apply total_ext; intros; rewrite <- total_scal; apply total_ext; intros.
    ring.
Qed.

Lemma product_adjoint_r : forall d p n (W : nat -> nat -> R),
  adjoint (E := matrices p n) (F := matrices d n) (fun V => product p W V)
    (fun Y => product d (transpose W) Y).
Proof.
  intros d p n W V Y; simpl; unfold product, transpose.
  rewrite (total_swap _ d n), (total_swap _ p n); apply total_ext; intros j Hj.
  transitivity (total (fun i => total (fun k => W i k * V k j * Y i j) p) d).
  - apply total_ext; intros; rewrite total_scal_r; reflexivity.
  - rewrite total_swap; apply total_ext; intros; rewrite <- total_scal; apply total_ext; intros.
    ring.
Qed.

Lemma identity_linear : forall E : space, linear (E := E) (F := E) (fun x => x).
Proof. intro E; split; reflexivity. Qed.

Lemma identity_adjoint : forall E : space, adjoint (E := E) (F := E) (fun x => x) (fun x => x).
Proof. intros E x y; reflexivity. Qed.

Lemma affine_linear : forall d p n (V : nat -> nat -> R),
  linear (E := pairs (matrices d p) (vectors d)) (F := matrices d n) (affine p V).
Proof.
  intros d p n V; destruct (product_linear d p n V) as [Hp Ht]; split; intros; simpl;
    apply functional_extensionality; intro i; apply functional_extensionality; intro j;
    unfold affine; simpl.
  - pose proof (f_equal (fun f => f i j) (Hp (fst x) (fst y))) as H; simpl in H; rewrite H; ring.
  - pose proof (f_equal (fun f => f i j) (Ht a (fst x))) as H; simpl in H; rewrite H; ring.
Qed.

Lemma affine_adjoint : forall d p n (V : nat -> nat -> R),
  adjoint (E := pairs (matrices d p) (vectors d)) (F := matrices d n) (affine p V)
    (fun Y => (product n Y (transpose V), fun i => total (Y i) n)).
Proof.
  intros d p n V [W b] Y; pose proof (product_adjoint d p n V W Y) as H; simpl in *.
  unfold affine; simpl; rewrite <- H, <- total_plus; apply total_ext; intros i _.
  rewrite <- total_scal, <- total_plus; apply total_ext; intros; ring.
Qed.

Lemma weight_linear : forall E F : space, linear (E := pairs E F) (F := E) fst.
Proof. intros E F; split; reflexivity. Qed.

Lemma weight_adjoint : forall E F : space,
  adjoint (E := pairs E F) (F := E) fst (fun C => (C, zero)).
Proof. intros E F x C; simpl; rewrite dot_zero_r; ring. Qed.

(* The W block without a bias: rho/2 |W V - U|^2 + tau/2 |W - C|^2 + mu/2 |W|^2. *)
Definition weight_block (d p n : nat) (rho tau mu : R) (V : matrices p n) (U : matrices d n)
  (C W : matrices d p) : R :=
  rho / 2 * square (minus (product p W V : matrices d n) U) + tau / 2 * square (minus W C)
  + mu / 2 * square W.

Definition weight_residual (d p n : nat) (rho tau mu alpha : R) (V : matrices p n)
  (U : matrices d n) (C W0 W1 : matrices d p) (i k : nat) : R :=
  rho * total (fun j => (product p W1 V i j - U i j) * V k j) n + tau * (W1 i k - C i k)
  + mu * W1 i k + alpha * (W1 i k - W0 i k).

Lemma matrix_residual_zero : forall d p (x : matrices d p),
  (forall i k, (i < d)%nat -> (k < p)%nat -> x i k = 0) -> forall y : matrices d p, dot x y = 0.
Proof.
  intros d p x Hx y; simpl; transitivity (total (fun _ => 0 * 0) d);
    [|rewrite total_scal; ring].
  apply total_ext; intros i Hi; transitivity (total (fun _ => 0 * 0) p);
    [apply total_ext; intros k Hk; rewrite Hx by assumption; ring|rewrite total_scal; ring].
Qed.

Lemma weight_residual_is : forall d p n rho tau mu alpha (V : matrices p n) (U : matrices d n)
    (C W0 W1 : matrices d p) i k,
  least_squares_residual (E := matrices d p) (F := matrices d n) (G := matrices d p)
    (fun W => product p W V) (fun Y => product n Y (transpose V)) (fun W => W) (fun W => W)
    rho tau mu alpha U C W0 W1 i k
  = weight_residual d p n rho tau mu alpha V U C W0 W1 i k.
Proof.
  intros; unfold least_squares_residual, weight_residual, minus; simpl.
  unfold product at 1, transpose.
  replace (total (fun j => (product p W1 V i j + -1 * U i j) * V k j) n)
    with (total (fun j => (product p W1 V i j - U i j) * V k j) n)
    by (apply total_ext; intros; ring).
  ring.
Qed.

(* Its exact solve, for all sizes: a global minimiser with the proximal term, and the decrease. *)
Theorem weight_step : forall d p n rho tau mu alpha (V : matrices p n) (U : matrices d n)
    (C W0 W1 : matrices d p),
  0 <= rho -> 0 <= tau -> 0 <= mu + alpha ->
  (forall i k, (i < d)%nat -> (k < p)%nat ->
     weight_residual d p n rho tau mu alpha V U C W0 W1 i k = 0) ->
  let f := weight_block d p n rho tau mu V U C in
  (forall W, f W1 + alpha / 2 * square (minus W1 W0) <= f W + alpha / 2 * square (minus W W0)) /\
  f W0 - f W1 = (alpha + (tau + mu) / 2) * square (minus W1 W0)
                + rho / 2 * square (product p (minus W1 W0) V : matrices d n).
Proof.
  intros d p n rho tau mu alpha V U C W0 W1 Hr Ht Hm Hres f.
  set (T := (fun W : matrices d p => (product p W V : matrices d n))).
  pose proof (product_linear d p n V : linear T) as HT.
  pose proof (product_adjoint d p n V) as AT.
  pose proof (identity_linear (matrices d p)) as HS.
  pose proof (identity_adjoint (matrices d p)) as AS.
  assert (Z : forall x : matrices d p,
             dot (least_squares_residual (E := matrices d p) (F := matrices d n)
                    (G := matrices d p) T (fun Y => product n Y (transpose V)) (fun W => W)
                    (fun W => W) rho tau mu alpha U C W0 W1) x = 0).
  { apply matrix_residual_zero; intros i k Hi Hk; unfold T; rewrite weight_residual_is.
    apply Hres; assumption. }
  destruct (least_squares_exact _ _ _ T _ _ _ rho tau mu alpha U C W0 W1 HT HS AT AS Hr Ht Hm Z)
    as [H1 H2]; split; [exact H1|].
  transitivity ((alpha + mu / 2) * square (minus W1 W0)
                + rho / 2 * square (product p (minus W1 W0) V : matrices d n)
                + tau / 2 * square (minus W1 W0)); [exact H2|field].
Qed.

(* The joint (W, b) block: the bias is in the mu term and has no tau term. *)
Definition affine_block (d p n : nat) (rho tau mu : R) (V : matrices p n) (U : matrices d n)
  (C : matrices d p) (P : pairs (matrices d p) (vectors d)) : R :=
  rho / 2 * square (minus (affine p V P : matrices d n) U) + tau / 2 * square (minus (fst P) C)
  + mu / 2 * square P.

(* Its exact solve.  The two normal equations are joint: with the bias of the other block's old
   value they are others. *)
Theorem affine_step : forall d p n rho tau mu alpha (V : matrices p n) (U : matrices d n)
    (C W0 W1 : matrices d p) (b0 b1 : vectors d),
  0 <= rho -> 0 <= tau -> 0 <= mu + alpha ->
  (forall i k, (i < d)%nat -> (k < p)%nat ->
     rho * total (fun j => (product p W1 V i j + b1 i - U i j) * V k j) n
     + tau * (W1 i k - C i k) + mu * W1 i k + alpha * (W1 i k - W0 i k) = 0) ->
  (forall i, (i < d)%nat ->
     rho * total (fun j => product p W1 V i j + b1 i - U i j) n + mu * b1 i
     + alpha * (b1 i - b0 i) = 0) ->
  let P0 : pairs (matrices d p) (vectors d) := (W0, b0) in
  let P1 : pairs (matrices d p) (vectors d) := (W1, b1) in
  let f := affine_block d p n rho tau mu V U C in
  (forall P, f P1 + alpha / 2 * square (minus P1 P0) <= f P + alpha / 2 * square (minus P P0)) /\
  f P0 - f P1 = (alpha + mu / 2) * square (minus P1 P0) + tau / 2 * square (minus W1 W0)
                + rho / 2 * square (affine p V (minus P1 P0) : matrices d n).
Proof.
  intros d p n rho tau mu alpha V U C W0 W1 b0 b1 Hr Ht Hm HW Hb P0 P1 f.
  pose proof (affine_linear d p n V) as HT; pose proof (affine_adjoint d p n V) as AT.
  pose proof (weight_linear (matrices d p) (vectors d)) as HS.
  pose proof (weight_adjoint (matrices d p) (vectors d)) as AS.
  set (res := least_squares_residual (E := pairs (matrices d p) (vectors d)) (F := matrices d n)
                (G := matrices d p) (affine p V)
                (fun Y => (product n Y (transpose V), fun i => total (Y i) n)) fst
                (fun C => (C, zero)) rho tau mu alpha U C P0 P1).
  assert (Z : forall x : pairs (matrices d p) (vectors d), dot res x = 0).
  { intros [X x].
    change (dot (fst res) X + dot (snd res) x = 0).
    rewrite (matrix_residual_zero d p (fst res)).
    - replace (dot (snd res) x) with (total (fun _ => 0 * 0) d); [rewrite total_scal; ring|].
      simpl; apply total_ext; intros i Hi; unfold affine; simpl.
      specialize (Hb i Hi).
      replace (total (fun j => product p W1 V i j + b1 i + -1 * U i j) n)
        with (total (fun j => product p W1 V i j + b1 i - U i j) n)
        by (apply total_ext; intros; ring).
      replace (0 * 0) with ((rho * total (fun j => product p W1 V i j + b1 i - U i j) n + mu * b1 i
                             + alpha * (b1 i - b0 i)) * x i) by (rewrite Hb; ring).
      ring.
    - intros i k Hi Hk; simpl; unfold affine, product at 1, transpose; simpl.
      specialize (HW i k Hi Hk); rewrite <- HW.
      replace (total (fun j => (product p W1 V i j + b1 i + -1 * U i j) * V k j) n)
        with (total (fun j => (product p W1 V i j + b1 i - U i j) * V k j) n)
        by (apply total_ext; intros; ring).
      ring. }
  destruct (least_squares_exact _ _ _ _ _ _ _ rho tau mu alpha U C P0 P1 HT HS AT AS Hr Ht Hm Z)
    as [H1 H2]; split; [exact H1|].
  transitivity ((alpha + mu / 2) * square (minus P1 P0)
                + rho / 2 * square (affine p V (minus P1 P0) : matrices d n)
                + tau / 2 * square (minus W1 W0)); [exact H2|ring].
Qed.

(* Two Jacobi blocks: each solved exactly at the other's old value, both moved at once, as a (W,b)
   step whose b is computed from the old W is.  The decrease is exact; where H is nowhere negative
   it is at least a |D|^2.  Not claimed: that the pair is stationary; it is not. *)
Theorem jacobi_two_identity : forall (E F : space) (H : pairs E F -> pairs E F) c k a
    (x0 x1 : E) (y0 y1 : F),
  linear H -> symmetric H ->
  let P0 : pairs E F := (x0, y0) in
  let P1 : pairs E F := (x1, y1) in
  let D : pairs E F := minus P1 P0 in
  let X : pairs E F := (minus x1 x0, zero) in
  let Y : pairs E F := (zero, minus y1 y0) in
  (forall u : E, dot (residual H c a P0 ((x1, y0) : pairs E F)) ((u, zero) : pairs E F) = 0) ->
  (forall v : F, dot (residual H c a P0 ((x0, y1) : pairs E F)) ((zero, v) : pairs E F) = 0) ->
  quadratic H c k P0 - quadratic H c k P1 = a * square D + 1 / 2 * dot (minus X Y) (H (minus X Y)).
Proof.
  intros E F H c k a x0 x1 y0 y1 [Hplus Htimes] Hsym P0 P1 D X Y Hx Hy.
  assert (EX : ((x1, y0) : pairs E F) = plus P0 X)
    by (unfold P0, X; simpl; rewrite plus_minus, plus_zero; reflexivity).
  assert (EY : ((x0, y1) : pairs E F) = plus P0 Y)
    by (unfold P0, Y; simpl; rewrite plus_minus, plus_zero; reflexivity).
  assert (E1 : P1 = plus (plus P0 X) Y)
    by (rewrite <- EX; unfold P1, Y; simpl; rewrite plus_minus, plus_zero; reflexivity).
  specialize (Hx (minus x1 x0)); specialize (Hy (minus y1 y0)).
  fold X in Hx; fold Y in Hy; rewrite EX in Hx; rewrite EY in Hy.
  assert (O : dot X Y = 0) by (unfold X, Y; simpl; rewrite dot_zero, dot_zero_r; ring).
  assert (SX : dot X (H P0) = dot P0 (H X)) by (rewrite Hsym; apply dot_comm).
  assert (SY : dot Y (H P0) = dot P0 (H Y)) by (rewrite Hsym; apply dot_comm).
  assert (SXY : dot Y (H X) = dot X (H Y)) by (rewrite Hsym; apply dot_comm).
  revert Hx Hy; unfold D; rewrite E1; clear D; clearbody X Y P1; clear E1 EX EY.
  unfold quadratic, residual, square, minus; rewrite !Hplus, !Htimes.
  repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
  rewrite !(dot_comm _ (H P0)), !(dot_comm _ (H X)), !(dot_comm _ (H Y)).
  rewrite ?SX, ?SY, ?SXY, (dot_comm _ Y X), O, (dot_comm _ Y P0), (dot_comm _ X P0).
  intros Hx Hy; lra.
Qed.

(* (w + b)^2 / 2 from (1,1) with a = 1: both steps go to 0, and the decrease is 2. *)
Lemma jacobi_two_used :
  let H := fun P : pairs line line => ((fst P + snd P, fst P + snd P) : pairs line line) in
  let q := quadratic (E := pairs line line) H (0, 0) 0 in
  q (1, 1) - q (0, 0) = 1 * (1 + 1) + 1 / 2 * 0.
Proof.
  intros H q.
  assert (Hlin : linear (E := pairs line line) (F := pairs line line) H)
    by (split; intros; unfold H; simpl; f_equal; ring).
  assert (Hsym : symmetric (E := pairs line line) H) by (intros x y; unfold H; simpl; ring).
  eapply eq_trans;
    [exact (jacobi_two_identity line line H (0, 0) 0 1 1 0 1 0 Hlin Hsym
              ltac:(intro u; unfold residual, minus, H; simpl; ring)
              ltac:(intro u; unfold residual, minus, H; simpl; ring))|].
  unfold square, minus, H; simpl; field.
Qed.

(* The V block of a hidden layer: A is the activation's value, B the next layer's U - b.  a is 0 in
   the solver. *)
Theorem value_step : forall d p n gamma rho a (W : matrices d p) (B : matrices d n)
    (A V0 V1 : matrices p n),
  0 <= gamma -> 0 <= rho -> 0 <= a ->
  (forall k j, (k < p)%nat -> (j < n)%nat ->
     rho * total (fun i => W i k * (product p W V1 i j - B i j)) d + gamma * (V1 k j - A k j)
     + a * (V1 k j - V0 k j) = 0) ->
  let f := fun V : matrices p n =>
    rho / 2 * square (minus (product p W V : matrices d n) B) + gamma / 2 * square (minus V A) in
  (forall V, f V1 + a / 2 * square (minus V1 V0) <= f V + a / 2 * square (minus V V0)) /\
  f V0 - f V1 = (a + gamma / 2) * square (minus V1 V0)
                + rho / 2 * square (product p W (minus V1 V0) : matrices d n).
Proof.
  intros d p n gamma rho a W B A V0 V1 Hg Hr Ha Hres f.
  set (T := (fun V : matrices p n => (product p W V : matrices d n))).
  pose proof (product_linear_r d p n W : linear T) as HT.
  pose proof (product_adjoint_r d p n W) as AT.
  pose proof (identity_linear (matrices p n)) as HS.
  pose proof (identity_adjoint (matrices p n)) as AS.
  assert (Z : forall x : matrices p n,
             dot (least_squares_residual (E := matrices p n) (F := matrices d n)
                    (G := matrices p n) T (fun Y => product d (transpose W) Y) (fun V => V)
                    (fun V => V) rho gamma 0 a B A V0 V1) x = 0).
  { apply matrix_residual_zero; intros k j Hk Hj; simpl; unfold product at 1, transpose, T.
    eapply eq_trans; [|exact (Hres k j Hk Hj)].
    replace (total (fun i => W i k * (product p W V1 i j + -1 * B i j)) d)
      with (total (fun i => W i k * (product p W V1 i j - B i j)) d)
      by (apply total_ext; intros; ring).
    ring. }
  assert (Hm : 0 <= 0 + a) by lra.
  destruct (least_squares_exact _ _ _ T _ _ _ rho gamma 0 a B A V0 V1 HT HS AT AS Hr Hg Hm Z)
    as [H1 H2]; unfold least_squares in H1, H2; split.
  - intro V; specialize (H1 V); unfold T in H1; unfold f; lra.
  - transitivity ((a + 0 / 2) * square (minus V1 V0)
                  + rho / 2 * square (product p W (minus V1 V0) : matrices d n)
                  + gamma / 2 * square (minus V1 V0)); [|unfold T; field].
    eapply eq_trans; [|exact H2]; unfold f, T; cbv beta; field.
Qed.

(* A tensor of a factored compression: A is the linear map from it to the reconstruction, the
   others held; w is the matrix to be met.  m is a decay of its own, 0 where there is none. *)
Theorem factor_step : forall (E F : space) (A : E -> F) A' tau m a w P0 P1,
  linear A -> adjoint A A' -> 0 <= tau -> 0 <= m + a ->
  (forall x, dot (plus (times tau (A' (minus (A P1) w)))
                       (plus (times m P1) (times a (minus P1 P0)))) x = 0) ->
  let f := fun P => tau / 2 * square (minus (A P) w) + m / 2 * square P in
  let D := minus P1 P0 in
  (forall X, f P1 + a / 2 * square D <= f X + a / 2 * square (minus X P0)) /\
  f P0 - f P1 = (a + m / 2) * square D + tau / 2 * square (A D).
Proof.
  intros E F A A' tau m a w P0 P1 HA AA Ht Hm Hres f D.
  assert (Z : forall x, dot (least_squares_residual A A' (fun x : E => x) (fun x => x) tau 0 m a w
                               zero P0 P1) x = 0).
  { intro x; eapply eq_trans; [|exact (Hres x)]; unfold least_squares_residual.
    rewrite !dot_plus, !dot_times; ring. }
  destruct (least_squares_exact E F E A A' (fun x => x) (fun x => x) tau 0 m a w zero P0 P1 HA
              (identity_linear E) AA (identity_adjoint E) Ht (Rle_refl 0) Hm Z) as [H1 H2].
  unfold least_squares in H1, H2; fold D in H1, H2; split.
  - intro X; specialize (H1 X); unfold f; lra.
  - unfold f; lra.
Qed.

(* A weighted mean, entry by entry: the squared loss with sample weights S (u is U_N), and the U
   step of the identity activation (S is gamma, gamma is rho). *)
Theorem weighted_mean_step : forall n (S y u old x : nat -> R) gamma alpha s,
  (forall i, (i < n)%nat -> s <= S i /\ 0 < S i + gamma + alpha /\
     x i = (S i * y i + gamma * u i + alpha * old i) / (S i + gamma + alpha)) ->
  let f := fun v => total (fun i => S i / 2 * (v i - y i) ^ 2 + gamma / 2 * (v i - u i) ^ 2) n in
  let step := fun v => total (fun i => (v i - old i) ^ 2) n in
  (forall v, f x + alpha / 2 * step x <= f v + alpha / 2 * step v) /\
  (alpha + (gamma + s) / 2) * step x <= f old - f x.
Proof.
  intros n S y u old x gamma alpha s Hx f step; split.
  - intro v; unfold f, step; rewrite <- !total_scal, <- !total_plus; apply total_le; intros i Hi.
    destruct (Hx i Hi) as [_ [Hp Ex]].
    assert (Ex' : (S i + gamma + alpha) * x i = S i * y i + gamma * u i + alpha * old i)
      by (rewrite Ex; field; lra).
    assert (I : S i / 2 * (v i - y i) ^ 2 + gamma / 2 * (v i - u i) ^ 2
                + alpha / 2 * (v i - old i) ^ 2
                - (S i / 2 * (x i - y i) ^ 2 + gamma / 2 * (x i - u i) ^ 2
                   + alpha / 2 * (x i - old i) ^ 2)
                = (S i + gamma + alpha) / 2 * (v i - x i) ^ 2
                  + ((S i + gamma + alpha) * x i - (S i * y i + gamma * u i + alpha * old i))
                    * (v i - x i)) by field.
    rewrite Ex' in I.
    pose proof (Rmult_le_pos ((S i + gamma + alpha) / 2) _ ltac:(lra) (pow2_ge_0 (v i - x i))).
    lra.
  - assert (H : total (fun i => (alpha + (gamma + s) / 2) * (x i - old i) ^ 2
                                + (S i / 2 * (x i - y i) ^ 2 + gamma / 2 * (x i - u i) ^ 2)) n
                <= f old).
    { apply total_le; intros i Hi; destruct (Hx i Hi) as [Hs [Hp Ex]].
      assert (Ex' : (S i + gamma + alpha) * x i = S i * y i + gamma * u i + alpha * old i)
        by (rewrite Ex; field; lra).
      assert (I : S i / 2 * (old i - y i) ^ 2 + gamma / 2 * (old i - u i) ^ 2
                  - (S i / 2 * (x i - y i) ^ 2 + gamma / 2 * (x i - u i) ^ 2)
                  = (alpha + (gamma + S i) / 2) * (x i - old i) ^ 2
                    - ((S i + gamma + alpha) * x i - (S i * y i + gamma * u i + alpha * old i))
                      * (x i - old i)) by field.
      rewrite Ex' in I.
      pose proof (Rmult_le_compat_r _ _ _ (pow2_ge_0 (x i - old i)) Hs); lra. }
    rewrite total_plus, total_scal in H; unfold f, step; unfold f in H; lra.
Qed.

(* y = 1, u = 0, gamma = alpha = 1, S = 2, old = 0: to 1/2. *)
Lemma weighted_mean_step_used :
  (1 + (1 + 2) / 2) * (1 / 2) ^ 2
    <= 2 / 2 * (0 - 1) ^ 2 - (2 / 2 * (1 / 2 - 1) ^ 2 + 1 / 2 * (1 / 2) ^ 2).
Proof.
  destruct (weighted_mean_step 1 (fun _ => 2) (fun _ => 1) (fun _ => 0) (fun _ => 0)
              (fun _ => 1 / 2) 1 1 2) as [_ H].
  - intros i _; split; [lra|split; [lra|field]].
  - simpl in H; lra.
Qed.

(* One number: rho = tau = 1, alpha = 1/2, V = 1, U = 1, C = 2, W0 = 0: the exact step is to 6/5. *)
Lemma weight_step_used :
  let one := (fun _ _ : nat => 1) in
  let f := weight_block 1 1 1 1 1 0 one one (fun _ _ => 2) in
  f (fun _ _ => 0) - f (fun _ _ => 6 / 5) = (1 / 2 + 1 / 2 + 1 / 2) * (6 / 5) ^ 2.
Proof.
  intros one f.
  destruct (weight_step 1 1 1 1 1 0 (1 / 2) one one (fun _ _ => 2) (fun _ _ => 0)
              (fun _ _ => 6 / 5)) as [_ H]; try lra.
  - intros [|i] [|k] Hi Hk; try lia; unfold weight_residual, product, one; simpl; field.
  - eapply eq_trans; [exact H|]; unfold square, minus, product, one; simpl; field.
Qed.

(* The same with a bias, from W0 = b0 = 0: to W = 14/11 and b = -2/11. *)
Lemma affine_step_used :
  let one := (fun _ _ : nat => 1) in
  let f := affine_block 1 1 1 1 1 0 one one (fun _ _ => 2) in
  f (fun _ _ => 0, fun _ => 0) - f (fun _ _ => 14 / 11, fun _ => - 2 / 11)
    = 1 / 2 * ((14 / 11) ^ 2 + (2 / 11) ^ 2) + 1 / 2 * (14 / 11) ^ 2 + 1 / 2 * (12 / 11) ^ 2.
Proof.
  intros one f.
  destruct (affine_step 1 1 1 1 1 0 (1 / 2) one one (fun _ _ => 2) (fun _ _ => 0)
              (fun _ _ => 14 / 11) (fun _ => 0) (fun _ => - 2 / 11)) as [_ H]; try lra.
  - intros [|i] [|k] Hi Hk; try lia; unfold product, one; simpl; field.
  - intros [|i] Hi; try lia; unfold product, one; simpl; field.
  - eapply eq_trans; [exact H|]; unfold square, minus, affine, product, one; simpl; field.
Qed.

(* One number: W = rho = 1, B = 1, gamma = 2, A = 0, no proximal term: from 0 to 1/3. *)
Lemma value_step_used :
  let one := (fun _ _ : nat => 1) in
  let f := fun V : matrices 1 1 =>
    1 / 2 * square (minus (product 1 one V : matrices 1 1) one)
    + 2 / 2 * square (minus V (fun _ _ => 0)) in
  f (fun _ _ => 0) - f (fun _ _ => 1 / 3) = (2 / 2 + 1 / 2) * (1 / 3) ^ 2.
Proof.
  intros one f.
  destruct (value_step 1 1 1 2 1 0 one one (fun _ _ => 0) (fun _ _ => 0) (fun _ _ => 1 / 3))
    as [_ H]; try lra.
  - intros [|k] [|j] Hk Hj; try lia; unfold product, one; simpl; field.
  - eapply eq_trans; [exact H|]; unfold square, minus, product, one; simpl; field.
Qed.

(* The step of a convex loss, of vectors of any length.  l is convex in the plain sense, no
   derivative is asked for. *)
Definition convex {E : space} (l : E -> R) : Prop :=
  forall x y t, 0 < t < 1 ->
    l (plus (times (1 - t) x) (times t y)) <= (1 - t) * l x + t * l y.

Theorem convex_step_growth : forall (E : space) (l : E -> R) m a x,
  convex l ->
  (forall v, l x + m / 2 * square (minus x a) <= l v + m / 2 * square (minus v a)) ->
  forall v, l x + m / 2 * square (minus x a) + m / 2 * square (minus v x)
            <= l v + m / 2 * square (minus v a).
Proof.
  intros E l m a x Hl Hx v.
  set (A := l v - l x + m * dot (minus x a) (minus v x)).
  set (h := square (minus v x)).
  assert (I : forall t, 0 < t < 1 -> 0 <= A + m / 2 * t * h).
  { intros t Ht; specialize (Hx (plus (times (1 - t) x) (times t v))); specialize (Hl x v t Ht).
    assert (Q : square (minus (plus (times (1 - t) x) (times t v)) a)
                = square (minus x a) + 2 * t * dot (minus x a) (minus v x) + t ^ 2 * h).
    { unfold h, square, minus; repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
      rewrite (dot_comm _ v x), (dot_comm _ a x), (dot_comm _ a v); ring. }
    rewrite Q in Hx.
    apply Rmult_le_reg_l with t; [lra|]; unfold A; lra. }
  assert (Q : square (minus v a)
              = square (minus x a) + 2 * dot (minus x a) (minus v x) + h).
  { unfold h, square, minus; repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
    rewrite (dot_comm _ v x), (dot_comm _ a x), (dot_comm _ a v); ring. }
  assert (HA : 0 <= A).
  { destruct (Rle_dec 0 A) as [HA|HA]; [exact HA|exfalso].
    assert (Hk : 0 < 1 + Rabs (m / 2 * h)) by (pose proof (Rabs_pos (m / 2 * h)); lra).
    set (t := Rmin (1 / 2) (- A / 2 / (1 + Rabs (m / 2 * h)))).
    assert (Ht : 0 < t < 1 /\ t * (1 + Rabs (m / 2 * h)) <= - A / 2).
    { assert (0 < - A / 2 / (1 + Rabs (m / 2 * h))) by (apply Rdiv_lt_0_compat; lra).
      split; [unfold t, Rmin; destruct (Rle_dec (1 / 2) _); lra|].
      apply Rle_trans with (- A / 2 / (1 + Rabs (m / 2 * h)) * (1 + Rabs (m / 2 * h)));
        [apply Rmult_le_compat_r; [lra|apply Rmin_r]|right; field; lra]. }
    destruct Ht as [Ht Hta]; specialize (I t Ht).
    pose proof (Rmult_le_compat_l t _ _ ltac:(lra) (Rle_abs (m / 2 * h))); lra. }
  unfold A in HA; rewrite Q; lra.
Qed.

(* The V_N step for any convex loss: u is the last layer's U, old the old V_N.  The minimiser of the
   loss plus (gamma + alpha)/2 |v - a|^2 lowers the objective by at least (alpha + gamma/2) times
   the squared step. *)
Theorem convex_step_decrease : forall (E : space) (l : E -> R) gamma alpha u old x,
  convex l -> gamma + alpha <> 0 ->
  let m := gamma + alpha in
  let a := times (/ m) (plus (times gamma u) (times alpha old)) in
  (forall v, l x + m / 2 * square (minus x a) <= l v + m / 2 * square (minus v a)) ->
  (alpha + gamma / 2) * square (minus x old)
    <= (l old + gamma / 2 * square (minus old u)) - (l x + gamma / 2 * square (minus x u)).
Proof.
  intros E l gamma alpha u old x Hl Hm m a Hx.
  pose proof (convex_step_growth E l m a x Hl Hx old) as H.
  assert (Q : m / 2 * square (minus old a) - m / 2 * square (minus x a)
              - m / 2 * square (minus old x)
              = gamma / 2 * square (minus old u) - gamma / 2 * square (minus x u)
                - (alpha + gamma / 2) * square (minus x old)).
  { unfold square, minus, a, m; repeat rewrite ?dot_plus, ?dot_plus_r, ?dot_times, ?dot_times_r.
    rewrite (dot_comm _ u old), (dot_comm _ u x), (dot_comm _ old x); field; exact Hm. }
  lra.
Qed.

(* A factor of one number: A = 2, tau = a = 1, w = 5, from 0 to 2. *)
Lemma factor_step_used :
  let f := fun P : R => 1 / 2 * ((2 * P - 5) * (2 * P - 5)) in
  f 0 - f 2 = 1 * (2 * 2) + 1 / 2 * (4 * 4).
Proof.
  assert (HA : linear (E := line) (F := line) (fun P : line => 2 * P))
    by (split; intros; simpl; ring).
  assert (AA : adjoint (E := line) (F := line) (fun P : line => 2 * P) (fun P : line => 2 * P))
    by (intros x y; simpl; ring).
  destruct (factor_step line line _ _ 1 0 1 5 0 2 HA AA ltac:(lra) ltac:(lra)) as [_ H].
  - intro x; unfold minus; simpl; ring.
  - unfold square, minus in H; simpl in H; intro f; unfold f; lra.
Qed.

(* |v| of one number, u = 3, gamma = 1, alpha = 1, from 0: to 1. *)
Lemma convex_step_decrease_used :
  (1 + 1 / 2) * 1 <= (Rabs 0 + 1 / 2 * 9) - (Rabs 1 + 1 / 2 * 4).
Proof.
  pose proof (convex_step_decrease line (fun v : line => Rabs v) 1 1 3 0 1) as H.
  unfold square, minus in H; simpl in H; rewrite Rabs_R0, Rabs_R1 in *.
  assert (Hc : convex (E := line) (fun v : line => Rabs v)).
  { intros x y t Ht; simpl.
    apply Rle_trans with (Rabs ((1 - t) * x) + Rabs (t * y)); [apply Rabs_triang|].
    rewrite !Rabs_mult, (Rabs_right (1 - t)), (Rabs_right t) by lra; apply Rle_refl. }
  replace (/ (1 + 1) * (1 * 3 + 1 * 0)) with (3 / 2) in H by field.
  assert (Hm : forall v, 1 + (1 + 1) / 2 * ((1 + -1 * (3 / 2)) * (1 + -1 * (3 / 2)))
                         <= Rabs v + (1 + 1) / 2 * ((v + -1 * (3 / 2)) * (v + -1 * (3 / 2)))).
  { intro v; pose proof (Rle_abs v); pose proof (pow2_ge_0 (v - 1)); lra. }
  specialize (H Hc ltac:(lra) Hm); lra.
Qed.
