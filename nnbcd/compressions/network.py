"""Products of tensors over labelled axes, two at a time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

Labels = tuple[int, ...]
Operand = tuple[Tensor, Labels]


def contract(operands: Sequence[Operand], out: Labels) -> Tensor:
    """The sum over all labels not in ``out`` of the product of the operands, axes as ``out``.

    Greedy: the pair whose product is smallest beside its parts comes first, pairs with a label in
    common before others.
    """
    left = list(operands)
    while len(left) > 1:
        pairs = itertools.combinations(range(len(left)), 2)
        i, j = min(pairs, key=lambda pair: _cost(left, pair, out))
        kept = _kept(left, (i, j), out)
        product = _einsum([left[i], left[j]], kept)
        left = [one for k, one in enumerate(left) if k not in (i, j)] + [(product, kept)]
    return _einsum(left, out)


def _kept(left: Sequence[Operand], pair: tuple[int, int], out: Labels) -> Labels:
    """The labels of the pair that others or the result still need."""
    needed = {k for i, (_, own) in enumerate(left) if i not in pair for k in own} | set(out)
    return tuple(k for k in dict.fromkeys(left[pair[0]][1] + left[pair[1]][1]) if k in needed)


def _cost(left: Sequence[Operand], pair: tuple[int, int], out: Labels) -> tuple[bool, int]:
    (a, x), (b, y) = (left[k] for k in pair)
    sizes = dict(zip(x + y, (*a.shape, *b.shape), strict=True))
    product = math.prod(sizes[k] for k in _kept(left, pair, out))
    return not set(x) & set(y), product - a.numel() - b.numel()


def _einsum(operands: Sequence[Operand], out: Labels) -> Tensor:
    names: dict[int, int] = {}
    for label in itertools.chain(*(own for _, own in operands)):
        names.setdefault(label, len(names))
    given = [part for one, own in operands for part in (one, [names[k] for k in own])]
    product: Tensor = torch.einsum(*given, [names[k] for k in out])
    return product
