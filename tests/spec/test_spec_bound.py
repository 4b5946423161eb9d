"""W on a fixed support and W made of factors: against objectives and expansions written out here.

Every check is also run on wrong updates (the mutants), which it must reject.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnbcd_spec import COMPRESSIONS, blocks
from nnbcd_spec.bound import direct_z_value

Source = random.Random
SMALL = Fraction(1, 10**9)
SETTINGS = settings(max_examples=25, deadline=None)
sources = st.randoms(use_true_random=False)
SHAPE = (2, 4)
# What each kind is made of, and C(Z) as the sums of its definition.
DIRECT: dict[str, tuple[dict[str, Any], str]] = {
    "tt": ({"modes": [2, 2, 2], "ranks": [2, 1]}, "aib,bjc,ckd->ijk"),
    "tt_matrix": ({"row_modes": [2, 1], "column_modes": [2, 2], "ranks": [2]}, "aijb,bklc->ikjl"),
    "cp": ({"modes": [2, 2, 2], "rank": 2}, "it,jt,kt->ijk"),
    "tucker": ({"modes": [2, 2, 2], "ranks": [2, 1, 2]}, "abc,ia,jb,kc->ijk"),
}
MEMBERS: dict[str, Any] = {
    kind: COMPRESSIONS.from_json({"kind": kind, **keys, "direct": True})
    for kind, (keys, _) in DIRECT.items()
}


def numbers(source: Source, *shape: int) -> Any:
    size = int(np.prod(shape))
    entries = [Fraction(source.randint(-6, 6), source.randint(1, 3)) for _ in range(size)]
    return np.array(entries, dtype=object).reshape(shape)


def penalty(source: Source, *, zero: bool = False) -> Fraction:
    return Fraction(source.randint(0 if zero else 1, 9), source.randint(1, 4))


def norm2(x: Any) -> Any:
    return sum(e * e for e in np.asarray(x, dtype=object).flat)


def assert_least(
    f: Callable[..., Any], source: Source, constant: Any, old: Any, new: Any, moves: Any
) -> None:
    """f is convex: no small move lowers it at ``new``, and f(old) exceeds f(new) as it must.

    ``f(old) - f(new) = D^T H D / 2`` at a minimiser, and H is at least twice ``constant``.
    """
    at = f(*new)
    for _ in range(5):
        direction = [numbers(source, *x.shape) * m for x, m in zip(new, moves, strict=True)]
        for t in (SMALL, -SMALL, Fraction(1)):
            moved = [x + t * d for x, d in zip(new, direction, strict=True)]
            assert f(*moved) >= at, "a move is better"
    step = sum(norm2(a - b) for a, b in zip(new, old, strict=True))
    assert f(*old) - at >= constant * step, "less than the constant"


def weights(source: Source, prox: str) -> dict[str, Any]:
    return {"rho": penalty(source), prox: penalty(source, zero=True), "mu": penalty(source)}


def check_supported(update: Callable[..., Any], source: Source) -> None:
    n, d, p = source.randint(1, 4), source.randint(1, 3), source.randint(1, 3)
    mask = np.array([[source.randint(0, 1) for _ in range(p)] for _ in range(d)], dtype=object)
    w0, b0, u, v = (numbers(source, *s) for s in ((d, p), (d,), (n, d), (n, p)))
    w0 = w0 * mask
    own = weights(source, "alpha")
    w, b = update(w0, b0, u, v, mask, **own)
    assert not (w * (1 - mask)).any(), "outside the support"

    def f(w: Any, b: Any) -> Any:
        fit = own["rho"] * norm2(u - np.dot(v, w.T) - b) + own["mu"] * (norm2(w) + norm2(b))
        return (fit + own["alpha"] * (norm2(w - w0) + norm2(b - b0))) / 2

    # The proximal term is part of f, so that half the curvature is (alpha + mu)/2.
    least = (own["alpha"] + own["mu"]) / 2
    assert_least(f, source, least, (w0, b0), (w, b), (mask, np.ones(d, dtype=int)))


def check_b(update: Callable[..., Any], source: Source) -> None:
    n, d, p = source.randint(1, 4), source.randint(1, 3), source.randint(1, 3)
    b0, u, v, w = (numbers(source, *s) for s in ((d,), (n, d), (n, p), (d, p)))
    own = weights(source, "alpha")
    b = update(b0, u, v, w, **own)

    def f(b: Any) -> Any:
        fit = own["rho"] * norm2(u - np.dot(v, w.T) - b) + own["mu"] * norm2(b)
        return (fit + own["alpha"] * norm2(b - b0)) / 2

    least = (own["alpha"] + own["mu"] + n * own["rho"]) / 2
    assert_least(f, source, least, (b0,), (b,), (np.ones(d, dtype=int),))


def expanded(kind: str, z: Any) -> Any:
    return np.einsum(DIRECT[kind][1], *z, optimize=False).reshape(SHAPE)


def check_direct(kind: str, update: Callable[..., Any], source: Source) -> None:
    n, (d, p) = source.randint(1, 3), SHAPE
    old = tuple(numbers(source, *s) for s in MEMBERS[kind].shapes(SHAPE))
    u, v, b = (numbers(source, *s) for s in ((n, d), (n, p), (d,)))
    own = weights(source, "alpha_z")
    new = update(old, u, v, b, compression=MEMBERS[kind], **own)
    for j in range(len(new)):

        def f(factor: Any, j: int = j) -> Any:
            w = expanded(kind, (*new[:j], factor, *old[j + 1 :]))
            fit = own["rho"] * norm2(u - np.dot(v, w.T) - b) + own["mu"] * norm2(w)
            return (fit + own["alpha_z"] * norm2(factor - old[j])) / 2

        moves = (np.ones(new[j].shape, dtype=int),)
        assert_least(f, source, own["alpha_z"] / 2, (old[j],), (new[j],), moves)


CHECKS: dict[str, tuple[Callable[..., None], Callable[..., Any]]] = {
    "supported": (check_supported, blocks.update_supported_w),
    "b": (check_b, blocks.update_b),
    **{
        kind: (lambda update, source, kind=kind: check_direct(kind, update, source),
               blocks.update_direct_z)
        for kind in DIRECT
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_update_is_optimal(name: str) -> None:
    check, update = CHECKS[name]
    SETTINGS(given(sources)(lambda source: check(update, source)))()


def changed(update: Callable[..., Any], **to: Any) -> Callable[..., Any]:
    """The update called with other penalties."""
    return lambda *operands, **given: update(*operands, **{**given, **to})


def masked_after(w0: Any, b0: Any, u: Any, v: Any, mask: Any, **given: Any) -> Any:
    """The unconstrained minimiser, cut to the support."""
    w, b = blocks.update_w(w0, b0, u, v, None, tau=0, **given)
    return w * mask, b


def unmasked(w0: Any, b0: Any, u: Any, v: Any, mask: Any, **given: Any) -> Any:
    return blocks.update_w(w0, b0, u, v, None, tau=0, **given)


def bias_after(w0: Any, b0: Any, u: Any, v: Any, mask: Any, **given: Any) -> Any:
    """W jointly with b, b with the old W."""
    w, _ = blocks.update_supported_w(w0, b0, u, v, mask, **given)
    return w, blocks.update_b(b0, u, v, w0, **given)


def decay_of_factors(z: Any, u: Any, v: Any, b: Any, *, compression: Any, **given: Any) -> Any:
    """mu on the factors' steps for mu on C(Z)."""
    more = {**given, "alpha_z": given["alpha_z"] + given["mu"], "mu": 0}
    return blocks.update_direct_z(z, u, v, b, compression=compression, **more)


def without_bias(z: Any, u: Any, v: Any, b: Any, **given: Any) -> Any:
    return blocks.update_direct_z(z, u, v, 0 * b, **given)


def from_elsewhere(z: Any, *operands: Any, **given: Any) -> Any:
    return blocks.update_direct_z(tuple(factor + 1 for factor in z), *operands, **given)


def first_left(z: Any, *operands: Any, **given: Any) -> Any:
    return (z[0], *blocks.update_direct_z(z, *operands, **given)[1:])


def one_sample(b0: Any, u: Any, v: Any, w: Any, *, rho: Any, **given: Any) -> Any:
    """A mean over samples for a sum."""
    return blocks.update_b(b0, u, v, w, rho=rho / len(u), **given)


OF_DIRECT: dict[str, Callable[..., Any]] = {
    "without alpha_z": changed(blocks.update_direct_z, alpha_z=0),
    "without mu": changed(blocks.update_direct_z, mu=0),
    "with mu on the factors": decay_of_factors,
    "without the bias": without_bias,
    "from elsewhere": from_elsewhere,
    "first factor left": first_left,
    "unchanged": lambda z, *_, **__: z,
}
MUTANTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "W without alpha": ("supported", changed(blocks.update_supported_w, alpha=0)),
    "W without mu": ("supported", changed(blocks.update_supported_w, mu=0)),
    "W cut to the support afterwards": ("supported", masked_after),
    "W anywhere": ("supported", unmasked),
    "b after W from the old": ("supported", bias_after),
    "b without alpha": ("b", changed(blocks.update_b, alpha=0)),
    "b without mu": ("b", changed(blocks.update_b, mu=0)),
    "b of a mean": ("b", one_sample),
    "b with W lost": ("b", lambda b0, u, v, w, **k: blocks.update_b(b0, u, v, 0 * w, **k)),
    **{f"{kind} {name}": (kind, wrong) for kind in DIRECT for name, wrong in OF_DIRECT.items()},
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_checks_reject_wrong_updates(mutant: str) -> None:
    name, wrong = MUTANTS[mutant]

    def judge() -> None:
        for seed in range(20):
            CHECKS[name][0](wrong, random.Random(seed))

    with pytest.raises(AssertionError, match=r"better|constant|outside"):
        judge()


@SETTINGS
@given(sources)
def test_a_whole_support_is_none(source: Source) -> None:
    n, d, p = source.randint(1, 3), source.randint(1, 3), source.randint(1, 3)
    operands = [numbers(source, *s) for s in ((d, p), (d,), (n, d), (n, p))]
    own = weights(source, "alpha")
    found = blocks.update_supported_w(*operands, np.ones((d, p), dtype=int), **own)
    free = blocks.update_w(*operands, None, tau=0, **own)
    assert all(np.array_equal(a, b) for a, b in zip(found, free, strict=True))


@pytest.mark.parametrize("kind", DIRECT)
def test_orthonormal_features_make_a_direct_layer_a_penalised_one(kind: str) -> None:
    """With V = I, b = 0, mu = 0: ``rho/2 ||U - C^T||^2``, the penalty towards W = U^T."""
    source = random.Random(4)
    old = tuple(numbers(source, *s) for s in MEMBERS[kind].shapes(SHAPE))
    w, rho, alpha_z = numbers(source, *SHAPE), penalty(source), penalty(source)
    apart = COMPRESSIONS.from_json({"kind": kind, **DIRECT[kind][0]})
    found = blocks.update_direct_z(
        old, w.T, np.eye(4, dtype=int), [0, 0], compression=MEMBERS[kind],
        rho=rho, alpha_z=alpha_z, mu=0,
    )  # fmt: skip
    right = blocks.update_z(old, w, compression=apart, tau=rho, alpha_z=alpha_z)
    assert all(np.array_equal(a, b) for a, b in zip(found, right, strict=True))


@pytest.mark.parametrize("kind", DIRECT)
def test_the_value_is_the_objective_with_its_constants(kind: str) -> None:
    source = random.Random(6)
    old, new = (
        tuple(numbers(source, *s) for s in MEMBERS[kind].shapes(SHAPE)) for _ in range(2)
    )  # fmt: skip
    u, v, b = numbers(source, 3, 2), numbers(source, 3, 4), numbers(source, 2)
    given: dict[str, Any] = {"rho": 3, "alpha_z": 5, "mu": 7}
    w = expanded(kind, new)
    expected = 3 * norm2(u - np.dot(v, w.T) - b) + 7 * (norm2(w) + norm2(b))
    expected += 5 * sum(norm2(x - y) for x, y in zip(new, old, strict=True))
    found = direct_z_value(new, old, u, v, b, compression=MEMBERS[kind], **given)
    assert found == expected / 2


def test_a_singular_support_takes_the_least_increment() -> None:
    """Equal columns: shared equally by the entries of the support, each row by its own."""
    v = np.array([[1, 1, 1], [2, 2, 2], [5, 5, 5]])
    u = np.column_stack([3 * v[:, 0] + 7, 4 * v[:, 0]])
    w, b = blocks.update_supported_w(
        [[1, 0, 0], [0, 0, 1]], [0, 0], u, v, [[1, 1, 0], [0, 0, 1]], rho=1, alpha=0, mu=0
    )
    assert w.tolist() == [[2, 1, 0], [0, 0, 4]]
    assert b.tolist() == [7, 0]


def test_a_singular_factor_takes_the_least_increment() -> None:
    """Nothing pulls at a factor whose neighbour is 0; without samples' width, the norm is least."""
    member = COMPRESSIONS.from_json({"kind": "cp", "modes": [1, 2], "rank": 1, "direct": True})
    given: dict[str, Any] = {"compression": member, "rho": 1, "alpha_z": 0, "mu": 0}
    new = blocks.update_direct_z(([[1]], [[0], [0]]), [[6]], [[1, 1]], [0], **given)
    assert new[0].tolist() == [[1]]
    assert new[1].ravel().tolist() == [3, 3]


def test_an_empty_support_leaves_the_bias() -> None:
    w, b = blocks.update_supported_w(
        [[0, 0]], [0], [[3], [5]], [[1, 2], [3, 4]], [[0, 0]], rho=1, alpha=0, mu=0
    )
    assert w.tolist() == [[0, 0]]
    assert b.tolist() == [4]


@pytest.mark.parametrize("mask", [[[2, 0]], [[Fraction(1, 2), 1]], [[-1, 1]]])
def test_a_support_that_is_none_is_refused(mask: Any) -> None:
    with pytest.raises(ValueError, match=r"support: given .*; allowed: entries 0 and 1"):
        blocks.update_supported_w([[0, 0]], [0], [[1]], [[1, 1]], mask, rho=1, alpha=1, mu=0)


def test_each_block_refuses_the_compressions_of_the_other() -> None:
    z, w = (np.ones((2, 1), dtype=int), np.ones((2, 1), dtype=int)), np.ones((2, 2), dtype=int)
    obj = {"kind": "cp", "modes": [2, 2], "rank": 1}
    apart, direct = COMPRESSIONS.from_json(obj), COMPRESSIONS.from_json({**obj, "direct": True})
    with pytest.raises(ValueError, match=r"given cp with the bond 'direct'.*allowed.*'penalty'"):
        blocks.update_z(z, w, compression=direct, tau=1, alpha_z=1)
    with pytest.raises(ValueError, match=r"given cp with the bond 'penalty'.*allowed.*'direct'"):
        blocks.update_direct_z(z, w, w, [1, 1], compression=apart, rho=1, alpha_z=1, mu=1)
    mask = COMPRESSIONS.from_json({"kind": "support", "nonzeros": 2})
    with pytest.raises(ValueError, match="no Z block"):
        blocks.update_z((w,), w, compression=mask, tau=1, alpha_z=1)


@pytest.mark.parametrize("kind", DIRECT)
def test_a_direct_block_refuses_what_does_not_fit(kind: str) -> None:
    source = random.Random(1)
    z = tuple(numbers(source, *s) for s in MEMBERS[kind].shapes(SHAPE))
    operands = (z, numbers(source, 3, 2), numbers(source, 3, 4), numbers(source, 2))
    own: dict[str, Any] = {"rho": 1, "alpha_z": 1, "mu": 1}
    blocks.update_direct_z(*operands, compression=MEMBERS[kind], **own)
    for name, bad in (("rho", 0), ("rho", -1), ("alpha_z", -1), ("mu", -1), ("mu", float("nan"))):
        with pytest.raises(ValueError, match="given"):
            blocks.update_direct_z(*operands, compression=MEMBERS[kind], **{**own, name: bad})
    for i in range(1, 4):
        wide = np.concatenate([operands[i]] * 2, axis=-1)
        with pytest.raises(ValueError, match=r"given shape|given \(|modes"):
            blocks.update_direct_z(
                *operands[:i], wide, *operands[i + 1 :], compression=MEMBERS[kind], **own
            )
    with pytest.raises(ValueError, match=r"given shape"):
        blocks.update_direct_z(
            operands[0], operands[1][:2], *operands[2:], compression=MEMBERS[kind], **own
        )
    with pytest.raises(ValueError, match="factors; allowed"):
        blocks.update_direct_z(z[1:], *operands[1:], compression=MEMBERS[kind], **own)


@pytest.mark.parametrize("kind", [*DIRECT, "tt_svd", "prune"])
def test_direct_is_a_truth_value_of_four_kinds(kind: str) -> None:
    keys = DIRECT.get(kind, ({"modes": [2, 2], "ranks": [1]}, ""))[0]
    keys = {"nonzeros": 1} if kind == "prune" else keys
    for value in (1, 0, "true", None) if kind in DIRECT else (True, False):
        with pytest.raises(ValueError, match="given"):
            COMPRESSIONS.from_json({"kind": kind, **keys, "direct": value})
    if kind in DIRECT:
        said = COMPRESSIONS.from_json({"kind": kind, **keys, "direct": False})
        assert said == COMPRESSIONS.from_json({"kind": kind, **keys})
        assert said != MEMBERS[kind]
    assert ("direct" in COMPRESSIONS[kind].facts.keys) == (kind in DIRECT)
