"""The closed forms and decrease matrices of bound layers, as SymPy identities."""

from __future__ import annotations

import pytest
import sympy as sp

from nnbcd_spec import COMPRESSIONS, derive
from nnbcd_spec.derive import alpha, alpha_z, array, mu, rho

MASKS = ([[1, 0]], [[1, 0], [1, 1]], [[0, 0], [1, 1]])
FACTORED: dict[str, tuple[dict[str, object], tuple[int, int]]] = {
    "tt": ({"modes": [2, 2], "ranks": [1]}, (2, 2)),
    "tt_matrix": ({"row_modes": [2, 1], "column_modes": [1, 2], "ranks": [1]}, (2, 2)),
    "cp": ({"modes": [2, 1], "rank": 2}, (1, 2)),
    "tucker": ({"modes": [2, 2], "ranks": [1, 1]}, (2, 2)),
}
FACTORS = [(kind, j) for kind in FACTORED for j in (1, 2, 3) if kind == "tucker" or j < 3]


def member(kind: str) -> tuple[object, tuple[int, int]]:
    keys, shape = FACTORED[kind]
    return COMPRESSIONS.from_json({"kind": kind, **keys, "direct": True}), shape


def matrix(name: str, *shape: int) -> sp.Matrix:
    return sp.Matrix(array(name, *shape))


@pytest.mark.parametrize("mask", MASKS)
def test_the_gradient_on_a_support_is_that_of_the_normal_equations(mask: list[list[int]]) -> None:
    """rho (W V^T + b 1^T - U^T) V + mu W + alpha (W - W0), on the support."""
    d, p, n = len(mask), len(mask[0]), 2
    block = derive.w_supported(mask, n)
    on = sp.Matrix(mask)
    w = matrix("w", d, p).multiply_elementwise(on)
    w0, b, b0 = matrix("w0", d, p), matrix("b", d), matrix("b0", d)
    v, ones = matrix("v", n, p), sp.ones(n, 1)
    residual = w * v.T + b * ones.T - matrix("u", n, d).T
    in_w = rho * residual * v + mu * w + alpha * (w - w0)
    in_b = rho * residual * ones + mu * b + alpha * (b - b0)
    expected = [g for g, m in zip(in_w, on, strict=True) if m] + list(in_b)
    assert [sp.expand(a - e) for a, e in zip(block.gradient(), expected, strict=True)] == [0] * len(
        expected
    )


@pytest.mark.parametrize("mask", MASKS)
def test_the_constant_on_a_support_is_that_without(mask: list[list[int]]) -> None:
    """M = (alpha + mu/2) I + rho/2 (a Gram matrix), whatever the support."""
    block = derive.w_supported(mask, 2)
    size = len(block.variables)
    gram = block.decrease_matrix() - (alpha + mu / 2) * sp.eye(size)
    prediction = sp.Matrix([
        u - sum(x * w for x, w in zip(row, rows, strict=True)) - b
        for row, us in zip(array("v", 2, len(mask[0])), array("u", 2, len(mask)), strict=True)
        for u, rows, b in zip(us, array("w", len(mask), len(mask[0])), array("b", len(mask)),
                              strict=True)
    ])  # fmt: skip
    jacobian = prediction.jacobian(list(block.variables))
    assert (gram - rho / 2 * jacobian.T * jacobian).applyfunc(sp.expand).is_zero_matrix
    assert COMPRESSIONS["support"].facts.constant == alpha + mu / 2


def test_the_bias_is_the_mean_of_what_is_left() -> None:
    n, d, p = 3, 2, 2
    block = derive.b_direct(n, d, p)
    left = matrix("u", n, d) - matrix("v", n, p) * matrix("w", d, p).T
    b0 = matrix("b0", d)
    for k in range(d):
        literature = (rho * sum(left[:, k]) + alpha * b0[k]) / (n * rho + mu + alpha)
        assert sp.cancel(block.minimiser()[k] - literature) == 0
    constant = (alpha + (n * rho + mu) / 2) * sp.eye(d)
    assert (block.decrease_matrix() - constant).applyfunc(sp.expand).is_zero_matrix


@pytest.mark.parametrize(("kind", "j"), FACTORS)
def test_a_direct_factor_solves_the_normal_equations_of_its_expansion(kind: str, j: int) -> None:
    """With vec C = J g: H = J^T (I (x) rho V^T V + mu I) J, slope -rho J^T vec((U - b)^T V)."""
    own, (d, p) = member(kind)
    n = 2
    block = derive.direct_factor(own, (d, p), j, n)
    factors = tuple(array(f"g{k}", *s) for k, s in enumerate(own.shapes((d, p)), start=1))
    c = sp.Matrix(own.expand(factors, (d, p))).reshape(d * p, 1)
    jacobian = c.jacobian(list(block.variables))
    v, u, b = matrix("v", n, p), matrix("u", n, d), matrix("b", d)
    inner = sp.kronecker_product(sp.eye(d), rho * v.T * v) + mu * sp.eye(d * p)
    hessian = jacobian.T * inner * jacobian
    assert (block.hessian() - hessian).applyfunc(sp.expand).is_zero_matrix
    pull = ((u.T - b * sp.ones(1, n)) * v).reshape(d * p, 1)
    g, old = sp.Matrix(block.variables), sp.Matrix(block.old)
    gradient = hessian * g - rho * jacobian.T * pull + alpha_z * (g - old)
    assert (block.gradient() - gradient).applyfunc(sp.expand).is_zero_matrix
    constant = block.decrease_matrix() - alpha_z * sp.eye(len(block.variables))
    assert (constant - hessian / 2).applyfunc(sp.expand).is_zero_matrix
    assert own.facts.constant == alpha_z


@pytest.mark.parametrize(
    "block",
    [
        derive.w_supported([[1, 0], [1, 1]], 2),
        derive.b_direct(2, 2, 1),
        *(derive.direct_factor(*member(kind), 1, 2) for kind in FACTORED),
    ],
    ids=["support", "bias", *FACTORED],
)
def test_the_decrease_identity_holds_at_any_point(block: derive.SymbolicBlock) -> None:
    assert block.decrease_defect() == 0
