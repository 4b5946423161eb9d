"""The closed forms of the quadratic blocks, derived as SymPy expressions at explicit dimensions.

Each function writes a block's share of the objective on arrays of symbols and returns it as a
:class:`SymbolicBlock`, which differentiates and solves.  Scalars are ``gamma, rho, tau`` > 0 and
``alpha, alpha_z, mu`` >= 0; operand symbols are real and carry their row-major index.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from nnbcd_spec.compressions import Compression, TensorTrain
from nnbcd_spec.compressions.base import direct_objective
from nnbcd_spec.compressions.support import spread
from nnbcd_spec.exact import Array
from nnbcd_spec.losses import Loss, Squared
from nnbcd_spec.objective import STANDARD, Objective
from nnbcd_spec.symbols import alpha, alpha_z, gamma, mu, rho, tau


def array(name: str, *shape: int) -> Array:
    """An array of real symbols ``name_ij``, from 1; plain ``name`` where the size is 1."""
    if int(np.prod(shape)) == 1:
        return np.full(shape, sp.Symbol(name, real=True), dtype=object)
    entries = [
        sp.Symbol(f"{name}_{''.join(str(i + 1) for i in index)}", real=True)
        for index in np.ndindex(*shape)
    ]
    return np.array(entries, dtype=object).reshape(shape)


@dataclass(frozen=True)
class SymbolicBlock:
    """A quadratic block problem: ``objective + prox`` in ``variables``, from ``old``."""

    objective: sp.Expr
    prox: sp.Expr
    variables: tuple[sp.Symbol, ...]
    old: tuple[sp.Symbol, ...]

    def gradient(self) -> sp.Matrix:
        """The gradient of ``objective + prox``, a column."""
        return sp.Matrix([sp.diff(self.objective + self.prox, x) for x in self.variables])

    def hessian(self) -> sp.Matrix:
        """The Hessian H of ``objective`` alone."""
        return sp.hessian(self.objective, self.variables)

    def minimiser(self) -> sp.Matrix:
        """The stationary point, a column in the order of ``variables``."""
        (solution,) = sp.linsolve(list(self.gradient()), list(self.variables))
        return sp.Matrix(list(solution))

    def decrease_matrix(self) -> sp.Matrix:
        """``M = Hess(prox) + H/2``: an exact step D decreases the objective by ``D^T M D``.

        Its least eigenvalue is the guaranteed decrease constant.
        """
        return sp.hessian(self.prox, self.variables) + self.hessian() / 2

    def decrease_defect(self) -> sp.Expr:
        """``objective(old) - objective(new) - D^T M D + R^T D``, which must expand to 0.

        D = new - old, R = the gradient at ``new``; for any ``new``, exact minimiser or not.
        """
        step = sp.Matrix(self.variables) - sp.Matrix(self.old)
        at_old = self.objective.subs(dict(zip(self.variables, self.old, strict=True)))
        predicted = (step.T * self.decrease_matrix() * step - self.gradient().T * step)[0]
        return sp.expand(at_old - self.objective - predicted)


def v_out(
    samples: int = 1,
    outputs: int = 1,
    *,
    loss: Loss | None = None,
    objective: Objective = STANDARD,
) -> SymbolicBlock:
    """V_N in terms of ``u, y, v0``."""
    v, old, u, y = (array(name, samples, outputs) for name in ("v", "v0", "u", "y"))
    share = objective.share("v", v=v, y=y, s_u=u, loss=loss or Squared(), gamma=gamma)
    return _block(share, objective.step(v, old, alpha), v, old)


def u_out(samples: int = 1, outputs: int = 1, *, objective: Objective = STANDARD) -> SymbolicBlock:
    """U_N in terms of ``v, p`` (p the prediction V_{N-1} W^T + b); no proximal term."""
    u, old, v, pre = (array(name, samples, outputs) for name in ("u", "u0", "v", "p"))
    share = objective.share("u", u=u, s_u=u, v=v, pre=pre, gamma=gamma, rho=rho)
    return _block(share, 0, u, old)


def v_hidden(
    samples: int = 1, width: int = 1, width_next: int = 1, *, objective: Objective = STANDARD
) -> SymbolicBlock:
    """V_i in terms of ``s`` = s(U_i) and the next layer's ``u, w, b``; no proximal term."""
    v, old, s_u = (array(name, samples, width) for name in ("v", "v0", "s"))
    w, b, u = array("w", width_next, width), array("b", width_next), array("u", samples, width_next)
    own = objective.share("v", v=v, y=None, s_u=s_u, gamma=gamma)
    share = own + objective.share("v_prev", v_prev=v, u=u, w=w, b=b, rho=rho)
    return _block(share, 0, v, old)


def w_joint(
    samples: int = 1, outputs: int = 1, inputs: int = 1, *, compressed: bool = True,
    objective: Objective = STANDARD,
) -> SymbolicBlock:  # fmt: skip
    """(W, b) in terms of ``u, v, c, w0, b0``: v = V_{i-1}, c = C(Z) unless not ``compressed``."""
    w, w_old, c = (array(name, outputs, inputs) for name in ("w", "w0", "c"))
    b, b_old = array("b", outputs), array("b0", outputs)
    u, v = array("u", samples, outputs), array("v", samples, inputs)
    share = objective.share(
        "w", "b", w=w, b=b, u=u, v_prev=v, target=c if compressed else None, rho=rho, tau=tau, mu=mu
    )
    prox = objective.step(w, w_old, alpha) + objective.step(b, b_old, alpha)
    return _block(
        share, prox, np.concatenate([w.ravel(), b]), np.concatenate([w_old.ravel(), b_old])
    )


def w_supported(
    support: Any, samples: int = 1, *, objective: Objective = STANDARD
) -> SymbolicBlock:
    """(W, b) with W on ``support``, a matrix of 0 and 1, in terms of ``u, v, w0, b0``."""
    mask = np.array(support)
    outputs, inputs = mask.shape
    everywhere, w_old = (array(name, *mask.shape) for name in ("w", "w0"))
    b, b_old = array("b", outputs), array("b0", outputs)
    u, v = array("u", samples, outputs), array("v", samples, inputs)
    free, old = everywhere[mask == 1], w_old[mask == 1]
    share = objective.share(
        "w", "b", w=spread(free, mask), b=b, u=u, v_prev=v, target=None, rho=rho, mu=mu
    )  # fmt: skip
    prox = objective.step(free, old, alpha) + objective.step(b, b_old, alpha)
    return _block(share, prox, np.concatenate([free, b]), np.concatenate([old, b_old]))


def b_direct(
    samples: int = 1, outputs: int = 1, inputs: int = 1, *, objective: Objective = STANDARD
) -> SymbolicBlock:
    """b of a direct layer in terms of ``u, v, w, b0``: v = V_{i-1}, w = C(Z)."""
    w, u, v = array("w", outputs, inputs), array("u", samples, outputs), array("v", samples, inputs)
    b, b_old = array("b", outputs), array("b0", outputs)
    share = objective.share("b", w=w, b=b, u=u, v_prev=v, target=None, rho=rho, mu=mu)
    return _block(share, objective.step(b, b_old, alpha), b, b_old)


def direct_factor(
    compression: Compression, shape: tuple[int, int], j: int, samples: int = 1, *,
    objective: Objective = STANDARD,
) -> SymbolicBlock:  # fmt: skip
    """Factor j (from 1) of a layer with W = C(Z), in terms of ``g1, g2, ...`` and ``u, v, b``."""
    factors = tuple(
        array(f"g{k}", *s) for k, s in enumerate(compression.shapes(shape), start=1)
    )  # fmt: skip
    old = array(f"g{j}o", *factors[j - 1].shape)
    u, v, b = array("u", samples, shape[0]), array("v", samples, shape[1]), array("b", shape[0])
    share = direct_objective(
        factors, factors, u, v, b, compression=compression, rho=rho, alpha_z=0, mu=mu,
        objective=objective,
    )  # fmt: skip
    return _block(share, objective.step(factors[j - 1], old, alpha_z), factors[j - 1], old)


def core(
    modes: tuple[int, ...], ranks: tuple[int, ...], j: int, *, objective: Objective = STANDARD
) -> SymbolicBlock:
    """Core j (from 1) of a train, in terms of the other cores ``g1, g2, ...`` and ``w``."""
    train = TensorTrain(modes=modes, ranks=ranks)
    w = array("w", 1, int(np.prod(modes)))
    cores = tuple(array(f"g{k}", *s) for k, s in enumerate(train.shapes(w.shape), start=1))
    old = array(f"g{j}o", *cores[j - 1].shape)
    share = objective.share("z", z=cores, w=w, tau=tau, compression=train)
    return _block(share, objective.step(cores[j - 1], old, alpha_z), cores[j - 1], old)


def comparison_constant(objective: Objective = STANDARD) -> sp.Expr:
    """The decrease constant of any exact global minimiser, convex block or not: ``alpha/2``.

    At ``new``, objective + prox is at most its value at ``old``, where prox is 0; so the
    objective falls by at least ``prox = (half its second derivative) D^2``.
    """
    new, old = array("x", 1, 1), array("x0", 1, 1)
    return sp.diff(objective.step(new, old, alpha), new[0, 0], 2) / 2


def _block(share: Any, prox: Any, variables: Array, old: Array) -> SymbolicBlock:
    return SymbolicBlock(
        sp.sympify(share), sp.sympify(prox), tuple(variables.flat), tuple(old.flat)
    )
