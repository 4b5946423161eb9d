"""Back-propagation baselines: the dense network one starts from, and magnitude fine-tuning."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from nnbcd.compressions.prune import project_top


def dense_network(sizes: Sequence[int], *, seed: int) -> nn.Sequential:
    """Linear layers of these sizes with ReLU between, PyTorch's own start at this seed."""
    modules: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for p, d in zip(sizes, sizes[1:], strict=False):
            modules += [nn.Linear(p, d), nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def fit(
    model: nn.Sequential,
    x: Tensor,
    y: Tensor,
    *,
    epochs: int,
    seed: int,
    rate: float = 1e-3,
    batch: int = 64,
    masks: Sequence[Tensor] | None = None,
) -> nn.Sequential:
    """A copy of ``model`` after Adam epochs on x (n, d_0) and targets y (n, d_N).

    One-hot rows of y are taken as classes (cross-entropy), others as regression targets (mean
    squared error).  ``masks``, one a Linear layer, hold pruned entries at 0.  Deterministic for a
    seed on one machine.
    """
    model = copy.deepcopy(model).to(x)
    one_hot = bool(((y == 0) | (y == 1)).all()) and bool((y.sum(1) == 1).all()) and y.shape[1] > 1
    labels = y.argmax(1)
    linears = [module for module in model if isinstance(module, nn.Linear)]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for _ in range(epochs):
        for part in torch.randperm(len(x), generator=generator).to(x.device).split(batch):
            optimizer.zero_grad()
            out = model(x[part])
            loss = (
                functional.cross_entropy(out, labels[part])
                if one_hot
                else functional.mse_loss(out, y[part])
            )
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
            _apply(linears, masks)
    return model


def magnitude_pruned(model: nn.Sequential, nonzeros: Sequence[int | None]) -> nn.Sequential:
    """A copy with each Linear layer cut to its largest entries; ``None`` leaves a layer dense."""
    model = copy.deepcopy(model)
    linears = [module for module in model if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for linear, s in zip(linears, nonzeros, strict=True):
            if s is not None:
                linear.weight.copy_(project_top(linear.weight, s))
    return model


def support(model: nn.Sequential) -> list[Tensor]:
    """1 where a Linear weight is nonzero, else 0: the masks that keep a pruning."""
    return [(m.weight != 0).to(m.weight) for m in model if isinstance(m, nn.Linear)]


def _apply(linears: Sequence[nn.Linear], masks: Sequence[Tensor] | None) -> None:
    if masks is None:
        return
    with torch.no_grad():
        for linear, mask in zip(linears, masks, strict=True):
            linear.weight.mul_(mask)
