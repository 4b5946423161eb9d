"""The decrease that theory guarantees per block: ``decrease >= constant * ||step||^2``.

An exact minimiser P of ``F = f + a/2 ||. - P_old||^2`` has ``F(P) <= F(P_old)``, that is
``f(P_old) - f(P) >= a/2 ||P - P_old||^2`` for any f, convex or not.  If f is m-strongly convex,
F is (m + a)-strongly convex with minimiser P, so ``f(P_old) - f(P) >= (a + m/2) ||.||^2``.
m is read off the objective: a sum of squared norms in the block.  (Attouch, Bolte, Svaiter,
Math. Program. 137, 2013; Zeng et al., ICML 2019; arXiv 2303.06815.)
"""

from __future__ import annotations

from nnbcd_checks.problem import Problem


def block_constants(problem: Problem, lightest: float = 1.0) -> dict[str, float | None]:
    """The constant of every block as rows name them (factors ``Z2.1``), in sweep order.

    ``lightest``: the least sample weight, which multiplies the strong convexity of the loss.
    ``None`` where no theorem covers the block.
    """
    found: dict[str, float | None] = {}
    for block in problem.order:
        i = int(block[1:])
        for name in row_blocks(problem, block):
            found[name] = _constant(problem, block[0], i, lightest)
    return found


def row_blocks(problem: Problem, block: str) -> list[str]:
    """The names under which rows list ``block``: itself, or those of its factors."""
    if block[0] != "Z":
        return [block]
    return [f"{block}{suffix}" for suffix in problem.layer(int(block[1:])).compression.rows]


def _constant(problem: Problem, kind: str, i: int, lightest: float) -> float | None:
    layer, last = problem.layer(i), i == problem.depth
    weigh = layer.penalties
    if kind == "V":
        # gamma/2 ||V - s||^2 is gamma-strongly convex; the loss adds its own to V_N.
        loss = weigh.alpha + problem.loss.modulus * lightest / 2 if last else 0.0
        return weigh.gamma / 2 + loss
    if kind == "U":
        prox = 0.0 if last else weigh.alpha
        if layer.activation.linear:
            return prox + (weigh.gamma * layer.activation.lipschitz**2 + weigh.rho) / 2
        return prox / 2  # not convex in U
    if kind == "W":
        return weigh.alpha + weigh.mu / 2  # on [W b]; W alone has tau more
    members = [problem.layer(j) for j in problem.z_blocks[f"Z{i}"]]
    least = min(member.penalties.alpha_z for member in members)
    return layer.compression.constant(least)


def least_constant(problem: Problem, lightest: float = 1.0) -> float | None:
    """``lambda``: the least constant of all blocks; ``None`` if some block has none."""
    values = list(block_constants(problem, lightest).values())
    known = [value for value in values if value is not None]
    return min(known) if len(known) == len(values) else None
