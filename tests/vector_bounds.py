"""How far a float computation of a vector may end from the exact answer.

Rounding bounds from the operands' magnitudes: ``100 eps`` times what is added up, divided by the
least eigenvalue of the system where one is solved.
"""

from __future__ import annotations

import mpmath
import numpy as np

from nnbcd_spec import ACTIVATIONS, COMPRESSIONS
from nnbcd_spec.compressions.base import block_objective
from nnbcd_spec.exact import exact, rational
from nnbcd_spec.objective import STANDARD
from nnbcd_spec.quadratic import differentiate, generators
from vector_solver import FACTORS, array, expected, parameter, real

FEW = 100.0
SINGULAR = 1e-9
"""Eigenvalues below this fraction of the largest count as 0; those of the vectors lie far off."""


def operands(vector):
    """Inputs and penalties as floats, under their names."""
    inputs = {
        k: [array(f) for f in x] if k in FACTORS else None if x is None else array(x)
        for k, x in vector["inputs"].items()
    }
    return inputs | {k: real(x) for k, x in vector["penalties"].items()}


def spec_member(vector, registry):
    """The specification's object of a vector."""
    data = {k: parameter(x) for k, x in vector["member"].items()}
    return registry.from_json(data)


def top(*arrays):
    """The largest magnitude."""
    return max(float(np.abs(a).max()) for a in arrays)


def norm(*arrays):
    """The sum of Frobenius norms."""
    return sum(float(np.linalg.norm(a)) for a in arrays)


def means(vector, right):
    """Weighted means of the operands: V_N, U_N, and Z on a support."""
    o = operands(vector)
    flat = [x for a in o.values() if isinstance(a, list | np.ndarray)
            for x in (a if isinstance(a, list) else [a])]  # fmt: skip
    results = [x for a in right.values() for x in (a if isinstance(a, list) else [a])]
    size = top(*flat, *results)
    if vector["block"] == "update_v_out" and vector["member"]["kind"] != "squared":
        size += top(o.get("sample_weights", np.ones(1))) / (o["gamma"] + o["alpha"])
    return size


def hidden_v(vector, right):
    """One linear system a row: ``h = gamma I + rho W^T W``."""
    o = operands(vector)
    h = o["gamma"] * np.eye(o["w_next"].shape[1]) + o["rho"] * o["w_next"].T @ o["w_next"]
    least, most = _extremes(h)
    given = o["rho"] * (norm(o["u_next"]) + norm(o["b_next"])) * norm(o["w_next"])
    return most / least * norm(right["v"]) + (o["gamma"] * norm(o["s_u"]) + given) / least


def weights(vector, right):
    """The increment ``-gradient h^{-1}`` from the old values."""
    o = operands(vector)
    v = np.hstack([o["v_prev"], np.ones((len(o["v_prev"]), 1))])
    target, tau = (0.0, 0.0) if o["target"] is None else (norm(o["target"]), o["tau"])
    h = o["rho"] * v.T @ v + (o["mu"] + o["alpha"]) * np.eye(v.shape[1])
    h[:-1, :-1] += tau * np.eye(v.shape[1] - 1)
    least, most = _extremes(h)
    old = norm(o["w_old"], o["b_old"])
    residual = norm(v) * old + norm(o["u"])
    gradient = o["rho"] * norm(v) * residual + tau * (old + target) + o["mu"] * old
    step = norm(right["w"] - o["w_old"], right["b"] - o["b_old"])
    return most / least * step + gradient / least + old + norm(right["w"], right["b"])


def _extremes(h):
    values = np.linalg.eigvalsh(h)
    if not h.any():  # nothing pulls: the old value stays
        return 1.0, 1.0
    return values[values > SINGULAR * values[-1]][0], values[-1]


def train(vector, right):
    """Factor by factor: each system's rounding, and the errors of the factors before it."""
    o = operands(vector)
    old, new = o["z_old"], right["z"]
    sizes, passed = [], 0.0
    for j in range(len(new)):
        h = _factor_hessian(vector, j)
        least, most = _extremes(h)
        design = np.sqrt(max(most - o["alpha_z"], 0.0) * o["tau"])
        given = (design * norm(o["w"]) + o["alpha_z"] * norm(old[j])) / least
        size = (1 + passed) * (most / least * norm(new[j]) + given) + norm(old[j])
        sizes.append(size)
        passed += 2 * size / norm(new[j]) if norm(new[j]) else 0.0
    return sizes


def _factor_hessian(vector, j):
    both = (("old", vector["inputs"]["z_old"]), ("new", vector["outputs"]["z"]))
    z = {k: [exact(_exactly(f), k, ndim=array(f).ndim) for f in x] for k, x in both}
    gens = generators(z["old"][j].size)
    factor = np.array([None, *gens], dtype=object)[1:].reshape(z["old"][j].shape)
    own = {k: rational(real(x)) for k, x in vector["penalties"].items()}
    polynomial = block_objective(
        (*z["new"][:j], factor, *z["old"][j + 1 :]), tuple(z["old"]),
        exact(_exactly(vector["inputs"]["w"]), "w"),
        compression=spec_member(vector, COMPRESSIONS), objective=STANDARD, **own,
    )  # fmt: skip
    rows = differentiate(polynomial, gens).hessian
    return np.array([[float(row.get(k, 0)) for k in range(len(gens))] for row in rows])


def _exactly(nested):
    return array(nested).tolist()


def truncated(vector, right):
    """A truncated SVD at each cut: the norm of W over the relative gap of singular values."""
    del right
    w, data = operands(vector)["w"], vector["member"]
    rest, before, worst = w, 1, 1.0
    for mode, rank in zip(data["modes"][:-1], data["ranks"], strict=True):
        _, s, v = np.linalg.svd(rest.reshape(before * mode, -1), full_matrices=False)
        dropped = s[rank] if rank < len(s) else 0.0
        if dropped > 0:
            worst *= s[0] / max(s[rank - 1] - dropped, 1e-300)
        rest, before = s[:rank, None] * v[:rank], rank
    return norm(w) * worst


def smooth_u(member, entry, u):
    """An entry of tanh or sigmoid: the derivative's rounding over the second derivative."""
    with mpmath.workdps(30):
        slope, bend = (float(mpmath.diff(member.value, u, k)) for k in (1, 2))
    s, beta = float(member.value(mpmath.mpf(u))), entry["rho"] + entry["alpha"]
    curvature = entry["gamma"] * (slope**2 - (entry["v"] - s) * bend) + beta
    parts = entry["gamma"] * abs(slope) * (abs(entry["v"]) + abs(s))
    parts += entry["rho"] * (abs(u) + abs(entry["pre"])) + entry["alpha"] * (
        abs(u) + abs(entry["u_old"])
    )
    return abs(u) + parts / curvature


def affine_u(member, entry, u):
    """An entry of a piecewise-affine activation: the weighted mean on the pieces that hold u."""
    beta = entry["rho"] + entry["alpha"]
    mean = (entry["rho"] * abs(entry["pre"]) + entry["alpha"] * abs(entry["u_old"])) / beta
    worst = 0.0
    for piece in member.pieces:
        ends = [abs(float(x)) for x in (piece.low, piece.high) if x is not None]
        if piece.holds(rational(u)) or any(abs(abs(u) - end) <= 1e-9 * end for end in ends):
            k, c = abs(float(piece.slope)), abs(float(piece.intercept))
            c += k * max(ends, default=0.0)
            pull = entry["gamma"] * k * (abs(entry["v"]) + c) + beta * mean
            worst = max(worst, pull / (entry["gamma"] * k * k + beta), *ends)
    return worst + abs(u)


def u_entry(vector, at, u):
    """The bound's size for one entry of U near ``u``."""
    o = operands(vector)
    entry = {k: float(x[at]) if isinstance(x, np.ndarray) else x for k, x in o.items()}
    member = spec_member(vector, ACTIVATIONS)
    return (affine_u if hasattr(member, "pieces") else smooth_u)(member, entry, float(u))


def low_rank(vector, right):
    """A truncated SVD of the weighted mean: its norm over the relative gap of singular values."""
    o, z = operands(vector), right["z"][0]
    rank = vector["member"]["rank"]
    mean = (o["tau"] * o["w"] + o["alpha_z"] * o["z_old"][0]) / (o["tau"] + o["alpha_z"])
    s = np.linalg.svd(mean, compute_uv=False)
    below = s[rank] if rank < len(s) else 0.0
    gap = 1.0 if below <= 1e-12 * s[0] else s[0] / max(s[rank - 1] - below, 1e-300)
    return (norm(o["w"]) + norm(o["z_old"][0]) + norm(z)) * gap


def grid(vector, right):
    """Codes exactly; the scale, a quotient of sums over the codes."""
    o, (codes, scale) = operands(vector), right["z"]
    old = float(np.linalg.norm(o["z_old"][0])) * float(o["z_old"][1][0])
    return [0.0, abs(float(scale[0])) + (norm(o["w"]) + old) / max(norm(codes), 1.0)]


SIZES = {
    "update_v_out": means,
    "update_u_out": means,
    "update_v": hidden_v,
    "update_w": weights,
}


def near(got, right, allowed):
    """Whether every array is within ``allowed`` (a number, or one a factor)."""
    for name, x in right.items():
        pairs = list(zip(got[name], x, strict=True)) if isinstance(x, list) else [(got[name], x)]
        limits = allowed if isinstance(allowed, list) else [allowed] * len(pairs)
        for (a, b), limit in zip(pairs, limits, strict=True):
            if a.shape != b.shape or not np.all(np.abs(a - b) <= limit):
                return False
    return True


__all__ = ["FEW", "SIZES", "expected", "grid", "low_rank", "near", "train", "truncated", "u_entry"]
