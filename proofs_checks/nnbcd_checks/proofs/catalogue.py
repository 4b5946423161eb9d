"""The claims as data: what each says, what it assumes, by what it is proved, on what it rests.

Statuses stand here only for what nothing proves; every other status is the runner's.
"""

from __future__ import annotations

from nnbcd_checks.proofs.record import Record

SMT = "the shipped function run on symbols, SMT-LIB 2, both solvers; hypotheses satisfiable"
SYMBOLIC = {
    "piece": Record(
        "piece",
        "On every piece, bounded or not, of any slope and intercept, the candidate of the shipped "
        "form lies on the piece, its value is right, and every other point of the piece is worse.",
        "real", SMT, ("gamma > 0", "beta > 0"),
    ),
    "choice": Record(
        "choice",
        "Of two, three or four ascending candidates the shipped form takes one of least value, of "
        "those the nearest to the old value, of two equally near the lower.",
        "real", SMT,
    ),
    "join": Record(
        "join",
        "U's problem is the shipped form's and a constant, with beta = rho + alpha and m the "
        "shipped weighted mean.",
        "real", SMT, ("gamma, rho > 0", "alpha >= 0"),
    ),
    "tight": Record(
        "tight",
        "For relu alpha/2 cannot be raised: on a family of problems the shipped step comes "
        "arbitrarily close to it.",
        "real", SMT, ("0 < e < 1/8",),
    ),
    "squared": Record(
        "squared", "The step of the squared loss is the only global minimiser.", "real", SMT,
        ("m > 0",), covers=("squared",),
    ),
    "hinge": Record(
        "hinge", "The step of the binary hinge is the only global minimiser.", "real", SMT,
        ("m > 0", "y = -1 or 1"), covers=("binary_hinge",),
    ),
    "huber": Record(
        "huber", "The step of Huber's loss is the only global minimiser.", "real", SMT,
        ("m > 0", "delta > 0"), covers=("huber",),
    ),
    "onesided": Record(
        "onesided", "The step of the one-sided squared hinge is the only global minimiser.", "real",
        SMT, ("m > 0", "y = 0 or 1"), covers=("squared_hinge",),
    ),
    "code": Record(
        "code",
        "A code is a whole number of the range, and none of the range is nearer to the entry in "
        "units of the scale; of two equally near the lower.",
        "real", SMT, ("the scale is positive", "the largest code is at least 1"),
    ),
    "scale": Record(
        "scale",
        "No scale from the least on fits given codes better than the shipped one; the old one "
        "stays where all codes are 0.",
        "real", SMT,
    ),
}  # fmt: skip
"""Proved by two solvers about the scalar forms."""

WORDS = (
    "the shipped function run on words in matrix letters; equality of noncommutative polynomials"
)
THEORY = "noncommutative polynomials in matrix letters; gradients word by word"
MATRIX = {
    "v-step": Record(
        "v-step",
        "For any V1 the shipped equation V H = rhs gives f(V0) - f(V1) = gamma/2 ||D||^2 + "
        "rho/2 ||D W^T||^2 - <R, D>, R = V1 H - rhs; the floor given to the solve bounds H.",
        "real", WORDS,
    ),
    "u-out-step": Record(
        "u-out-step",
        "The shipped U_N is the minimiser: f(U + D) - f(U) = (gamma + rho)/2 ||D||^2 for every D.",
        "real", WORDS, ("gamma + rho is not 0",),
    ),
    "w-step": Record(
        "w-step",
        "For any answer of the shipped increment's equation f(W0, b0) - f(W1, b1) = (alpha + mu/2) "
        "||D||^2 + rho/2 ||V D_W^T + 1 D_b^T||^2 + tau/2 ||D_W||^2 - <R, D>, R its residual; the "
        "floor given to the solve bounds H.  With and without a target, a Gram matrix at hand.",
        "real", WORDS,
    ),
    "z-square": Record(
        "z-square",
        "A Z block's objective is (tau + alpha_z)/2 ||Z - M||^2 and a constant, M the shipped "
        "anchor: its minimisers in a set are the points nearest to M.",
        "real", WORDS, ("tau + alpha_z is not 0",),
    ),
    "core-step": Record(
        "core-step",
        "For any answer of the shipped equation of a tensor-train core f(G) - f(G + D) = alpha_z "
        "||D||^2 + tau/2 ||L D R||^2 - <R', D> in every slice, R' its residual.",
        "real", WORDS, ("one to five cores", "the unfoldings put slices side by side"),
    ),
    "walk": Record(
        "walk",
        "The shipped form makes every piece's candidate, in order, and hands them with the old "
        "value to the choice.",
        "real", "the shipped function run on opaque pieces", ("one to five pieces",),
    ),
    "universal": Record(
        "universal",
        "For a quadratic f of Hessian H and any P1: f(P0) - f(P1) = <D, (alpha I + H/2) D> - "
        "<R, D>, R the gradient of f + alpha/2 ||. - P0||^2 at P1.",
        "real", THEORY, ("H symmetric",),
    ),
    "element": Record(
        "element",
        "Between a block's update and the end of the sweep the gradients in V, U, W and b change "
        "by the stated products with steps.",
        "real", THEORY, ("the paper's order of blocks",),
    ),
    "residual-layer": Record(
        "residual-layer",
        "With a skip connection V's decrease is that of W + I, or gains gamma/2 ||D||^2.",
        "real", THEORY, ("for layers that the registries do not hold yet",),
    ),
}  # fmt: skip
"""Proved by the checker of words."""

BALLS = "ball arithmetic: every global minimiser enclosed; outputs of the solver judged by it"
ENCLOSED = {
    f"{kind.replace('_', '-')}-step": Record(
        f"{kind.replace('_', '-')}-step",
        f"{kind}: on recorded problems, extreme and nearly tied ones among them, the solver's step "
        "is worse than the enclosed global minimum by no more than its rounding.",
        "float64", BALLS, ("the recorded problems",), covers=(kind,),
    )
    for kind in ("tanh", "sigmoid", "logistic", "cross_entropy", "weston_watkins", "crammer_singer")
}  # fmt: skip
"""Certified by enclosures, each on the problems that were recorded."""

UNPROVED = (
    Record(
        "auditor", "The auditor's code computes the figures that it names, up to its tolerances.",
        "float64", "planted faults, two independent implementations of the updates",
        status="tested-only",
    ),
    Record(
        "rounding", "Floating point keeps to the tolerances of the auditor.", "float64",
        "measured on random runs", status="tested-only",
    ),
    Record(
        "table-of-m",
        "The auditor's matrix M bounds those changes, for any order of the blocks, and the exact "
        "gradients of factors.",
        "float64", "every row against its element on random runs", status="tested-only",
    ),
    Record(
        "loss-join",
        "V_N's problem at a sample of weight S is S times the loss's form with m = "
        "(gamma + alpha)/S and a the weighted mean.",
        "float64", "exact vectors, weighted ones among them", status="tested-only",
    ),
    Record(
        "unfoldings",
        "The unfoldings of tensor-train cores, and the solve of their Kronecker equations.",
        "float64", "exact vectors, against the specification", status="tested-only",
    ),
    Record(
        "cluster-point",
        "A bounded run has a cluster point, at which the objective is the limit of its values.",
        "real", "textbook (Bolzano and Weierstrass; continuity on closed sets)",
    ),
    Record(
        "selection",
        "The shipped selections keep exactly the groups of largest norm, ties by lowest index.",
        "float64", "brute force on small cases, exact vectors", status="tested-only",
    ),
    Record(
        "bound-equations",
        "The shipped equations of weights on a support, of the bias beside factors and of factors "
        "fitted directly are those of their blocks.",
        "float64", "gradients at the answers, lockstep with the specification",
        status="tested-only",
    ),
    Record(
        "factors",
        "The equations of CP, Tucker and tensor-train-matrix factors are those of their products.",
        "float64", "against the specification, exact vectors", status="tested-only",
    ),
    Record(
        "eckart-young", "A truncated singular value decomposition is a nearest matrix of its rank.",
        "real", "textbook (Eckart and Young 1936, Mirsky 1960)",
    ),
    Record(
        "calculus",
        "The objective's subdifferential is a product over tensors, where its nonsmooth parts "
        "couple smoothly.",
        "real", "textbook (Rockafellar and Wets 1998, 8.8 and 10.5)",
    ),
    Record(
        "norms", "||A B|| is at most the spectral norm of A times the Frobenius norm of B.", "real",
        "textbook",
    ),
    Record(
        "boundedness", "The iterates stay bounded where mu = 0 on a layer.", "real",
        "no proof: false in general",
    ),
    Record(
        "kl", "The objective has the Kurdyka-Lojasiewicz property.", "real",
        "semialgebraic, or definable with the exponential: literature (Attouch, Bolte, Svaiter "
        "2013); not judged",
    ),
)  # fmt: skip
"""What is tested or assumed, and said so."""

AFFINE = (
    "identity", "relu", "leaky_relu", "abs", "hard_tanh", "relu6", "hard_sigmoid", "piecewise",
)  # fmt: skip
SETS = ("prune", "nm", "rows", "columns", "blocks", "shared_prune")
REST = "from the claims it depends on"
BEST = "kernel"  # as strong as its weakest dependency


def _composed(
    name: str, statement: str, *on: str, covers: tuple[str, ...] = (), given: tuple[str, ...] = ()
) -> Record:
    return Record(name, statement, "real", REST, given, on, covers, status=BEST)


COMPOSED = (
    _composed(
        "activation-step",
        "The step of every continuous piecewise-affine activation of at most four pieces is a "
        "global minimiser, ties as stated, and lowers the objective by at least alpha/2 times its "
        "squared step.",
        "piece", "choice", "join", "walk", "coq/pieces_choice", "coq/prox_decrease", covers=AFFINE,
        given=(
            "the pieces cover the line and agree at their ends",
            "more than four pieces: the choice by Coq's theorem, not the shipped source",
        ),
    ),
    _composed(
        "smooth-activation-step",
        "tanh and sigmoid: on the recorded problems the step is a global minimiser up to rounding; "
        "where it is one, it lowers the objective by at least alpha/2 times its squared step.",
        "tanh-step", "sigmoid-step", "coq/prox_decrease",
    ),
    _composed(
        "loss-step",
        "The steps of V_N are minimisers (up to rounding where recorded) and lower the objective "
        "by at least alpha + gamma/2 times their squared step.",
        "squared", "hinge", "huber", "onesided", "logistic-step", "cross-entropy-step",
        "weston-watkins-step", "crammer-singer-step", "join", "loss-join", "coq/loss_step_decrease",
        "coq/convex_step_decrease",
    ),
    _composed(
        "v-block",
        "Hidden V: the solution is the minimiser, the decrease at least gamma/2 times the squared "
        "step, less what an inexact solve's residual takes.",
        "v-step", "coq/value_step",
    ),
    _composed(
        "w-block",
        "(W, b): the solution is the minimiser, the decrease at least alpha + mu/2 times the "
        "squared step, less what an inexact solve's residual takes.",
        "w-step", "coq/affine_step",
    ),
    _composed(
        "sets-block",
        "Sets of few nonzero groups: the projection is exact, the decrease at least alpha_z/2 "
        "times the squared step.",
        "z-square", "selection", "coq/top_s_is_nearest", "coq/largest_groups_are_nearest",
        "coq/n_of_m_is_nearest", "coq/set_step_decrease", covers=SETS,
    ),
    _composed(
        "rank-block", "Low rank: the projection is exact, the decrease as for sets.",
        "z-square", "eckart-young", "coq/set_step_decrease", covers=("low_rank",),
    ),
    _composed(
        "grid-block",
        "Grid: codes and scale are each the best for the other, the decrease as for sets.",
        "z-square", "code", "scale", "coq/grid_codes_are_nearest", "coq/grid_scale_is_nearest",
        "coq/no_worse_decrease", covers=("grid",),
    ),
    _composed(
        "train-block",
        "Tensor trains: each core's decrease is at least alpha_z times its squared step.",
        "core-step", "unfoldings", "coq/factor_step", covers=("tt",),
    ),
    _composed(
        "factors-block",
        "CP, Tucker and tensor-train matrices: each factor's decrease is at least alpha_z times "
        "its squared step.",
        "universal", "factors", "coq/factor_step", covers=("tt_matrix", "cp", "tucker"),
    ),
    _composed(
        "bound-block",
        "Weights on a fixed support, and layers whose weights are made of factors: the solution is "
        "the minimiser, the decrease at least alpha + mu/2, or alpha_z for a factor, times the "
        "squared step.",
        "universal", "bound-equations", "coq/least_squares_exact", covers=("support",),
    ),
)  # fmt: skip
"""The blocks, from the claims above; the runner puts what Coq proved before them."""

BLOCKS = tuple(record.id for record in COMPOSED if record.id.endswith("-block"))
STEPS = ("activation-step", "smooth-activation-step", "loss-step", "u-out-step")
JUDGED = ("auditor", "rounding")
THEOREMS = (
    _composed(
        "sweep-descends",
        "A sweep of exact steps lowers the objective by lambda times its squared step, lambda the "
        "least constant of the blocks.",
        *STEPS, *BLOCKS, "coq/sweep_descends",
    ),
    _composed(
        "relative-error",
        "A subgradient after the sweep is at most b times its step.",
        "element", "table-of-m", "calculus", "norms", "coq/sweep_relative_error",
        "coq/schur_bounds",
    ),
    _composed(
        "rate-theorem",
        "Under both the sum of squared subgradients over K sweeps is at most b^2 (L_0 - L_K)/lambda"
        ", so that some sweep's is O(1/K).",
        "sweep-descends", "relative-error", "coq/sweeps_rate", "coq/sweeps_best",
        given=("b and lambda hold for all sweeps: implied by bounded iterates",),
    ),
    _composed(
        "convergence",
        "Bounded iterates converge to a critical point.",
        "rate-theorem", "kl", "cluster-point", "boundedness", "coq/blocks_run",
        "coq/kl_converges_to_cluster_point", "coq/blocks_converge", "coq/limit_is_critical",
        given=("the subdifferential is closed along the run",),
    ),
    _composed(
        "conditions-needed",
        "Without its proximal term a ReLU or top-1 step may jump at no decrease; a TT-SVD, or "
        "three blocks at once, may raise the objective; at mu = 0, and for the factors, a bounded "
        "objective bounds nothing.",
        "coq/relu_without_prox", "coq/set_step_needs_prox", "coq/tt_svd_raises",
        "coq/jacobi_three_rises", "coq/unbounded_without_decay", "coq/cores_unbounded",
    ),
)  # fmt: skip
"""The theorem of the method, for exact steps in real arithmetic."""


def _certified(claim: str, statement: str, *on: str) -> Record:
    return Record(
        f"certificate/{claim}", statement, "float64", REST, (), (*on, *JUDGED), status=BEST
    )


CERTIFICATE = (
    _certified("feasibility", "Certified: every Z lies in its set, exactly."),
    _certified(
        "block_optimality",
        "Certified: no block could be lowered by more than rounding, as bounds from optimality "
        "conditions, duals and branch and bound show.",
    ),
    _certified("descent", "Certified: every block fell by its constant times its squared step."),
    _certified("monotone_decrease", "Certified: neither a block nor a sweep rose."),
    _certified(
        "sufficient_decrease", "Certified: every sweep fell by lambda times its squared step.",
        "coq/sweep_descends_rounded",
    ),
    _certified("objective_consistency", "Certified: the blocks' decreases add up to the sweep's."),
    _certified("membership", "Certified: the element is a subgradient.", "calculus"),
    _certified(
        "relative_error",
        "Certified: dist(0, dL) is at most the element's norm, that at most ||M delta||.",
        "calculus",
    ),
    _certified(
        "rate",
        "Certified: on every prefix sum dist^2 is at most b^2 (L_0 - L_K)/lambda, with the b and "
        "lambda that the auditor computes; hence O(1/K) as far as the run goes.",
        "calculus", "table-of-m", "coq/sweep_descends_rounded", "coq/rate_rounded",
    ),
    _certified(
        "recorded_rows",
        "Certified: the recorded rows agree with the stored states and with each other; rows "
        "without states are taken at their word.",
    ),
    _composed(
        "certificate/refuted",
        "A run of exact steps breaks no claim on its decrease or subgradients beyond rounding: "
        "what is refuted there has a step "
        "that is not its block's minimiser, or another objective.",
        "sweep-descends", "relative-error", *JUDGED,
    ),
)  # fmt: skip
"""What the verdicts of a certificate rest on."""
