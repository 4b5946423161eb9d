"""Back-propagation baselines: the dense network one starts from, and magnitude fine-tuning."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from nnbcd.activations import Activation, Relu
from nnbcd.losses import Loss, loss_from


def dense_network(
    sizes: Sequence[int], *, seed: int, activation: Activation | None = None
) -> nn.Sequential:
    """Linear layers of these sizes with ``activation`` (ReLU) between, PyTorch's start."""
    modules: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for p, d in pairwise(sizes):
            modules += [nn.Linear(p, d), (activation or Relu()).module()]
    return nn.Sequential(*modules[:-1])


def fit(
    model: nn.Sequential,
    x: Tensor,
    y: Tensor,
    *,
    epochs: int,
    seed: int,
    loss: str | Loss = "squared",
    rate: float = 1e-3,
    decay: float = 0.0,
    batch: int = 64,
    masks: Sequence[Tensor] | None = None,
) -> nn.Sequential:
    """A copy of ``model`` after AdamW epochs on x (n, d_0) and targets y (n, d_N).

    ``rate`` is the learning rate, ``decay`` the decoupled weight decay, ``batch`` in samples.
    ``loss`` is one of :data:`nnbcd.losses.LOSSES`, a mean over samples here; y holds targets that
    it takes.  ``masks``, one a Linear layer, hold pruned entries at 0.  Deterministic
    for a seed on one machine.
    """
    model = copy.deepcopy(model).to(x)
    linears = [module for module in model if isinstance(module, nn.Linear)]
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    criterion = loss_from(loss)
    for _ in range(epochs):
        order = torch.randperm(len(x), generator=generator).to(x.device)
        for part in torch.tensor_split(order, tuple(range(batch, len(x), batch))):
            optimizer.zero_grad()
            value = criterion.rows(model(x[part]), y[part]).mean()
            value.backward()  # type: ignore[no-untyped-call]  # untyped in torch
            optimizer.step()
            _apply(linears, masks)
    return model


def linear_weights(model: nn.Sequential) -> list[Tensor]:
    """The weight of each Linear layer, (outputs, inputs)."""
    return [module.weight.detach() for module in model if isinstance(module, nn.Linear)]


def with_weights(model: nn.Sequential, weights: Sequence[Tensor]) -> nn.Sequential:
    """A copy whose Linear layers carry these weights, reshaped to fit, and the old biases."""
    model = copy.deepcopy(model)
    linears = [module for module in model if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for linear, weight in zip(linears, weights, strict=True):
            linear.weight.copy_(weight.reshape(linear.weight.shape))
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
