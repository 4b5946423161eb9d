"""Compressions whose C is linear in each of several tensors: factor by factor a quadratic block.

With the other factors fixed, ``C = A(G)`` for one factor G, and ``A^T A`` is a Kronecker product
of small symmetric matrices, one along each axis of G.  So everything the judge needs of a member
is A, its adjoint, and those matrices.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nnbcd_checks.arrays import Array, Term, norm, reduce_sum, square, weighted_sum
from nnbcd_checks.compression import Compression, Held, State
from nnbcd_checks.direct import judge_direct
from nnbcd_checks.judged import Bench, Constants, Judged, Quadratic, judge_quadratic
from nnbcd_checks.linear_part import LinearPart, Spectrum
from nnbcd_checks.mixed import Mixed
from nnbcd_checks.rounding import AUDIT_UNIT, Slack, growth, positive, smallest


@dataclass(frozen=True)
class Factored(Compression):
    """C is linear in each tensor of Z; the tensors are one block after another, ascending.

    ``direct``: W is C(Z) itself, instead of being pulled towards it.
    """

    direct: bool = field(default=False, kw_only=True)

    @abstractmethod
    def part(self, tensors: Sequence[Array], j: int) -> LinearPart:
        """The linear map of factor j, counted from 0."""

    @property
    @abstractmethod
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the tensors."""

    @property
    @abstractmethod
    def terms(self) -> int:
        """The number of products that an entry of C sums up."""

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """``.1``, ``.2``, ..."""
        return {f".{j}": shape for j, shape in enumerate(self.shapes, 1)}

    @property
    def factors(self) -> tuple[str, ...]:
        """All tensors."""
        return tuple(self.tensors)

    @property
    def makes_w(self) -> bool:
        """As ``direct`` says."""
        return self.direct

    def weight_size(self, tensors: Sequence[Array], weight: Array) -> Array:
        """Of ``W = C(Z)``: half of `growth` times C of the magnitudes.

        A bound ``growth(k) |W|`` elsewhere then covers the contraction too, as with a, b >= 4
        ``a b / 2 >= a + b``.
        """
        if not self.direct:
            return weight
        return growth(self.length) / 2 * self._magnitude(tensors)

    def _magnitude(self, tensors: Sequence[Array]) -> Array:
        """C of the absolute values: what the sums of C are made of."""
        return self.value([np.abs(tensor) for tensor in tensors])

    def outside(self, layers: Sequence[Held], unit: float) -> float | None:
        """By how much a stored W is not C(Z), beyond the rounding of its contraction, entrywise.

        The contraction may be step by step, or one long sum that is not taken in blocks.
        """
        if not self.direct:
            return None
        (held,) = layers
        exact = self.value(held.tensors)
        longest = 2 * (growth(self.length) + growth(self.terms))
        off = (unit + AUDIT_UNIT) * longest * self._magnitude(held.tensors)
        off += 8 * smallest(unit) * math.prod(max(1.0, norm(tensor)) for tensor in held.tensors)
        return norm(np.maximum(0.0, np.abs(held.weight - exact) - off))

    def constant(self, alpha_z: float) -> float | None:
        """One factor is a quadratic block, possibly flat."""
        return alpha_z

    def pull_back(self, tensors: Sequence[Array], suffix: str, matrix: Array) -> Array:
        """``A^T matrix``."""
        return self.part(tensors, int(suffix[1:]) - 1).adjoint(matrix)

    def distance(self, mixed: Mixed, layers: tuple[int, ...]) -> float:
        """The norm of the gradient: the factors are free."""
        (i,) = layers
        names = [f"Z{i}{suffix}" for suffix in self.factors]
        return math.hypot(*(math.sqrt(reduce_sum(mixed.gradient(name))[0]) for name in names))

    def judge(
        self, bench: Bench, layers: tuple[int, ...], new: State, constants: Constants
    ) -> list[Judged]:
        """The factors in ascending order, each with the others at their newest values."""
        (i,) = layers
        if self.direct:
            return [judge_direct(self.part, bench, i, j, new, constants) for j in self._numbers]
        return [self._judge(bench, i, j, new, constants) for j in self._numbers]

    @property
    def _numbers(self) -> range:
        return range(len(self.shapes))

    def _judge(self, bench: Bench, i: int, j: int, new: State, constants: Constants) -> Judged:
        """Factor G: ``-tau A^T (W - C) + alpha_z D = 0``, the Hessian ``tau A^T A + alpha_z``."""
        mixed, name, weigh = bench.mixed, f"Z{i}.{j + 1}", bench.problem.layer(i).penalties
        step = new[name] - mixed.now[name]
        mixed.replace_z(i, {name: new[name]})
        part = self.part(mixed.tensors(i), j)
        moved = square(part.apply(step))
        terms: list[Term] = [*mixed.gradient(name), (weigh.alpha_z, step)]
        bench.witness(name, terms[:-1], weigh.alpha_z, step)
        residual_square, inner = reduce_sum(terms, step)
        spectrum = Spectrum.of(part.grams())
        hessian = weigh.tau * spectrum.values + weigh.alpha_z
        slack, off = self._slack(bench, i, part, (norm(new[name]), norm(step)), hessian)
        least, floor = residual_square / (2 * slack.top), float(hessian.min())

        def exact() -> float:
            turned = spectrum.turn(weighted_sum(terms))
            return 0.5 * float((turned**2 / hessian).sum())

        found = Quadratic(
            prox=weigh.alpha_z,
            step_square=square(step),
            curved=weigh.tau * moved,
            residual_square=residual_square,
            inner=inner,
            cheap=residual_square / (2 * floor) if floor > 0 else least,
            exact=exact,
            slack=slack,
            size=step.size,
            curved_error=weigh.tau * off * (math.sqrt(moved) + off),
        )
        return judge_quadratic(bench, name, constants[name], found)

    def _slack(
        self, bench: Bench, i: int, part: LinearPart, norms: tuple[float, float], hessian: Array
    ) -> tuple[Slack, float]:
        """A factor solved by eigendecompositions of the small matrices, backward stable in norm.

        ``norms``: of the factor and of its step; ``hessian``: the eigenvalues of H.  Structured:
        errors of the other factors and of C; generic: the solve, and the products ``A^T W``.
        Also returns how far the auditor's own ``A(step)`` may be off.
        """
        weigh, size, (inside, step) = bench.problem.layer(i).penalties, bench.sizes, norms
        outer, apart, many = part.outer, norm(bench.mixed.apart[i]), growth(self.length)
        structured = math.sqrt(weigh.tau) * (many * size(f"C{i}") + size(f"W{i}"))
        structured += math.sqrt(weigh.alpha_z) * inside
        top, floor = positive(float(hessian.max())), float(hessian.min())
        long = sum(growth(length) for length in part.lengths)
        solve = (long + growth(hessian.size)) * top * inside
        product = weigh.tau * outer * (long * size(f"W{i}") + many * apart)
        generic = solve + product + 4 * weigh.alpha_z * (inside + step)
        return Slack(structured, ((generic, floor),), top), AUDIT_UNIT * many * outer * step
