"""Bytes of live tensors, by watching every operation that PyTorch dispatches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.sweep import Data, sweep


class Live(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's own
    """While active: ``peak``, the most bytes that tensors held at once.

    Counts storages, each once, among those given at the start and those that operations return;
    a kernel's own workspace is not seen.
    """

    def __init__(self, held: Iterable[Tensor] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._seen: dict[int, tuple[StorageWeakRef, int]] = {}
        self._add(held)
        self.peak = self._now()

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run the operation and look at what is alive after it."""
        result = func(*args, **(kwargs or {}))
        self._add(leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor))
        self.peak = max(self.peak, self._now())
        return result

    def _add(self, tensors: Iterable[Tensor]) -> None:
        for tensor in tensors:
            storage = tensor.untyped_storage()
            weak = StorageWeakRef(storage)  # type: ignore[no-untyped-call]
            self._seen.setdefault(storage._cdata, (weak, storage.nbytes()))

    def _now(self) -> int:
        gone = [k for k, (weak, _) in self._seen.items() if weak.expired()]  # type: ignore[no-untyped-call]
        for k in gone:
            del self._seen[k]
        return sum(size for _, size in self._seen.values())


def sweep_peak(problem: Problem, data: Data, states: list[State]) -> int:
    """The peak of a sweep on the one state in the list, which the caller gives up."""
    blocks, caches = held(data, states[0])
    with Live([*blocks, *caches.values()]) as live:
        del blocks, caches
        sweep(problem, data, states.pop())
    peak: int = live.peak
    return peak


def held(data: Data, state: State) -> tuple[list[Tensor], dict[str, Tensor]]:
    """X, Y and the blocks; and by name the caches that outlive a sweep."""
    blocks = [data.X, data.Y]
    caches = {"gram of X": data.gram}
    for i, own in enumerate(state.layers, start=1):
        blocks += [own.V, own.U, own.W, own.b, *own.Z]
        if own.pre is not None:
            caches[f"product {i}"] = own.pre
    return blocks, caches


def size(tensors: Iterable[Tensor]) -> int:
    """Bytes of the storages, each counted once."""
    storages: dict[int, int] = {
        t.untyped_storage()._cdata: t.untyped_storage().nbytes() for t in tensors
    }
    total: int = sum(storages.values())
    return total
