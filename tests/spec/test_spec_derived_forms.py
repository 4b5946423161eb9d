"""The derived closed forms against those of the literature, as SymPy identities."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp

from nnbcd_spec import derive, switching
from nnbcd_spec.activations import Identity, Piece, Relu
from nnbcd_spec.derive import alpha, alpha_z, array, gamma, mu, rho, tau
from nnbcd_spec.objective import STANDARD

k = sp.Symbol("k", positive=True)
LEAKY = (Piece(k, high=0), Piece(1, low=0))


def zero(expression: sp.Expr) -> bool:
    return sp.cancel(sp.together(expression)) == 0


def matrix(name: str, *shape: int) -> sp.Matrix:
    return sp.Matrix(array(name, *shape))


def columns(entries: list[sp.Expr], rows: int) -> sp.Matrix:
    return sp.Matrix(entries).reshape(rows, len(entries) // rows)


@pytest.mark.parametrize("shape", [(1, 1), (2, 3)])
def test_v_out(shape: tuple[int, int]) -> None:
    v0, u, y = (matrix(name, *shape) for name in ("v0", "u", "y"))
    found = columns(list(derive.v_out(*shape).minimiser()), shape[0])
    literature = (y + gamma * u + alpha * v0) / (1 + gamma + alpha)
    assert (found - literature).applyfunc(sp.cancel).is_zero_matrix


def test_u_out() -> None:
    v, p = matrix("v", 2, 2), matrix("p", 2, 2)
    found = columns(list(derive.u_out(2, 2).minimiser()), 2)
    literature = (gamma * v + rho * p) / (gamma + rho)
    assert (found - literature).applyfunc(sp.cancel).is_zero_matrix


@pytest.mark.parametrize(("width", "width_next"), [(1, 1), (1, 2), (2, 1), (2, 2)])
def test_v_hidden(width: int, width_next: int) -> None:
    w, s = matrix("w", width_next, width), matrix("s", 1, width)
    b, u = matrix("b", width_next).T, matrix("u", 1, width_next)
    found = derive.v_hidden(1, width, width_next).minimiser().T
    normal = gamma * sp.eye(width) + rho * w.T * w
    residual = found * normal - (gamma * s + rho * (u - b) * w)
    assert all(zero(entry) for entry in residual)


def normal_equations(n: int, d: int, p: int) -> sp.Matrix:
    """[W b](H + alpha I) - (rho U^T V~ + alpha [W0 b0] + [tau C, 0]), V~ = [V, 1]."""
    w, w0, c = (matrix(name, d, p) for name in ("w", "w0", "c"))
    b, b0 = matrix("b", d), matrix("b0", d)
    u, extended = matrix("u", n, d), matrix("v", n, p).row_join(sp.ones(n, 1))
    h = rho * extended.T * extended + sp.diag((tau + mu) * sp.eye(p), mu)
    rhs = rho * u.T * extended + alpha * w0.row_join(b0) + (tau * c).row_join(sp.zeros(d, 1))
    return w.row_join(b) * (h + alpha * sp.eye(p + 1)) - rhs


@pytest.mark.parametrize(("n", "d", "p"), [(2, 1, 1), (2, 1, 2), (3, 2, 2)])
def test_w_gradient_is_the_normal_equations(n: int, d: int, p: int) -> None:
    gradient = derive.w_joint(n, d, p).gradient()
    literature = normal_equations(n, d, p)
    expected = [*literature[:, :p], *literature[:, p]]
    assert all(sp.expand(g - e) == 0 for g, e in zip(gradient, expected, strict=True))


def test_w_minimiser_solves_the_normal_equations() -> None:
    block = derive.w_joint(2, 1, 1)
    at = dict(zip(block.variables, block.minimiser(), strict=True))
    assert all(zero(entry.subs(at)) for entry in normal_equations(2, 1, 1))


def kronecker_gram(modes: tuple[int, ...], ranks: tuple[int, ...], j: int) -> sp.Matrix:
    """L^T L (x) I (x) R R^T of core j, from the other cores."""
    bounds = (1, *ranks, 1)
    cores = [array(f"g{i + 1}", bounds[i], m, bounds[i + 1]) for i, m in enumerate(modes)]
    left, right = np.array([[sp.Integer(1)]]), np.array([[sp.Integer(1)]])
    for core in cores[: j - 1]:
        left = np.tensordot(left, core, axes=1).reshape(-1, core.shape[2])
    for core in reversed(cores[j:]):
        right = np.tensordot(core, right, axes=1).reshape(core.shape[0], -1)
    lower, upper = sp.Matrix(left), sp.Matrix(right)
    return sp.kronecker_product(lower.T * lower, sp.eye(modes[j - 1]), upper * upper.T)


@pytest.mark.parametrize(
    ("modes", "ranks", "j"),
    [((2, 2), (2,), 1), ((2, 2), (2,), 2), ((2, 2, 2), (1, 2), 2), ((2, 2, 2), (2, 1), 3)],
)
def test_core_normal_matrix_is_a_kronecker_product(
    modes: tuple[int, ...], ranks: tuple[int, ...], j: int
) -> None:
    block, gram = derive.core(modes, ranks, j), kronecker_gram(modes, ranks, j)
    assert (block.hessian() - tau * gram).applyfunc(sp.expand).is_zero_matrix
    constant = alpha_z * sp.eye(gram.rows) + tau * gram / 2
    assert (block.decrease_matrix() - constant).applyfunc(sp.expand).is_zero_matrix


def test_core_step_of_rank_one() -> None:
    found = derive.core((2, 2), (1,), 1).minimiser()
    r, w, old = array("g2", 1, 2, 1).ravel(), matrix("w", 1, 4).reshape(2, 2), array("g1o", 1, 2, 1)
    norm = sum(x**2 for x in r)
    for row in range(2):
        literature = (tau * sum(w[row, i] * r[i] for i in range(2)) + alpha_z * old[0, row, 0]) / (
            tau * norm + alpha_z
        )
        assert zero(found[row] - literature)


BLOCKS = {
    "V_N": (derive.v_out(2, 2), (alpha + (1 + gamma) / 2) * sp.eye(4)),
    "U_N": (derive.u_out(2, 2), (gamma + rho) / 2 * sp.eye(4)),
    "V_i": (
        derive.v_hidden(1, 2, 2),
        gamma / 2 * sp.eye(2) + rho / 2 * matrix("w", 2, 2).T * matrix("w", 2, 2),
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_decrease_matrices(name: str) -> None:
    block, literature = BLOCKS[name]
    assert (block.decrease_matrix() - literature).applyfunc(sp.expand).is_zero_matrix


def test_decrease_matrix_of_w_is_alpha_and_half_the_hessian() -> None:
    block = derive.w_joint(2, 1, 2)
    extended = matrix("v", 2, 2).row_join(sp.ones(2, 1))
    h = rho * extended.T * extended + sp.diag(tau + mu, tau + mu, mu)
    difference = block.decrease_matrix() - (alpha * sp.eye(3) + h / 2)
    assert difference.applyfunc(sp.expand).is_zero_matrix


@pytest.mark.parametrize(
    "block",
    [
        derive.v_out(2, 2),
        derive.u_out(2, 2),
        derive.v_hidden(2, 2, 2),
        derive.w_joint(2, 2, 2),
        derive.core((2, 2, 2), (1, 2), 2),
    ],
    ids=["V_N", "U_N", "V_i", "W", "core"],
)
def test_decrease_identity_holds_at_any_point(block: derive.SymbolicBlock) -> None:
    assert block.decrease_defect() == 0


def test_decrease_identity_can_fail() -> None:
    block = derive.v_out()
    quartic = derive.SymbolicBlock(
        block.objective + block.variables[0] ** 4, block.prox, block.variables, block.old
    )
    assert quartic.decrease_defect() != 0


def test_comparison_constant() -> None:
    assert derive.comparison_constant() == alpha / 2
    assert derive.comparison_constant(STANDARD.without("prox")) == 0


@pytest.mark.parametrize("pieces", [Relu().pieces, Identity().pieces, LEAKY])
def test_piece_stationary_points(pieces: tuple[Piece, ...]) -> None:
    v, p, u0 = switching.v, switching.p, switching.u0
    beta = rho + alpha
    m = (rho * p + alpha * u0) / beta
    for found in switching.piece_minimisers(pieces):
        slope, c = found.piece.slope, found.piece.intercept
        literature = (gamma * slope * (v - c) + beta * m) / (gamma * slope**2 + beta)
        assert zero(found.stationary - literature)


def test_relu_switching_boundary() -> None:
    """Literature: the pieces tie at c b = a (c - sqrt(c (c + 1))), c = beta/gamma, for a > 0."""
    left, right = switching.piece_minimisers(Relu().pieces)
    roots = switching.switching_boundary(left, right)
    beta = rho + alpha
    m, c = (rho * switching.p + alpha * switching.u0) / beta, beta / gamma
    literature = c * m / (c - sp.sqrt(c * (c + 1)))
    point = {gamma: 3, rho: 2, alpha: 1, switching.p: -1, switching.u0: sp.Rational(-1, 2)}
    matches = [sp.simplify((root - literature).subs(point)) == 0 for root in roots]
    assert matches.count(True) == 1
    boundary = roots[matches.index(True)].subs(point)
    assert boundary > 0
    assert left.stationary.subs(point) < 0 < right.stationary.subs({**point, switching.v: boundary})


def test_leaky_boundary_ties_the_values() -> None:
    left, right = switching.piece_minimisers(LEAKY)
    point = {gamma: 3, rho: 2, alpha: 1, k: sp.Rational(1, 10), switching.p: -1, switching.u0: -1}
    for root in switching.switching_boundary(left, right):
        gap = (left.value - right.value).subs(switching.v, root).subs(point)
        assert sp.simplify(gap) == 0


def test_identity_u_constant() -> None:
    """With the identity, U's block is quadratic: alpha + (gamma + rho)/2."""
    f = switching.entry_objective(Piece(1))
    prox = alpha * (switching.u - switching.u0) ** 2 / 2
    constant = sp.diff(prox, switching.u, 2) + sp.diff(f - prox, switching.u, 2) / 2
    assert sp.expand(constant - (alpha + (gamma + rho) / 2)) == 0


def test_clipping() -> None:
    left, right = switching.piece_minimisers(Relu().pieces)
    at = {gamma: 1, rho: 1, alpha: 0, switching.v: -4, switching.p: 1, switching.u0: 0}
    assert left.clipped().subs(at) == 0  # stationary at 1, outside
    assert right.clipped().subs(at) == 0  # stationary at -3/2, outside
    assert switching.piece_minimisers(Identity().pieces)[0].clipped().subs(at) == sp.Rational(-3, 2)
