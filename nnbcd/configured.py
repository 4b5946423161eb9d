"""What a configuration file asks of the network: activation, class weights, first weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from nnbcd import backprop
from nnbcd.activations import Activation, activation_from
from nnbcd.errors import InputError
from nnbcd.prepare import targets
from nnbcd.start import Weights, random_weights, read_network, read_weights

if TYPE_CHECKING:
    from nnbcd.config import Config
    from nnbcd.data import Dataset

EPOCHS, DECAY = 40, 1.0
"""Of the back-propagation that ``start = "backprop"`` runs first; weight decay is AdamW's."""


def configured_activation(config: Config) -> Activation:
    """The activation of every layer but the last."""
    network = config.network
    given = network.activation
    return activation_from(
        given if network.slope is None else {"kind": given, "slope": network.slope}
    )


def class_weights(config: Config, fit: Dataset) -> str | dict[int, float] | None:
    """The weights of the classes by column number; ``InputError`` for a class there is not."""
    given = config.data.class_weight
    if given is None or isinstance(given, str):
        return given
    for name in given:
        if name not in fit.classes:
            raise InputError(
                f'data.class_weight: given class "{name}"; allowed: {", ".join(fit.classes)}'
            )
    return {fit.classes.index(name): weight for name, weight in given.items()}


def start_weights(config: Config, sizes: Sequence[int], fit: Dataset) -> list[Weights]:
    """First weights for layers of these sizes: random, back-propagated, or from a file.

    Raises ``InputError`` where a file's shapes differ from the network's.
    """
    network, seed = config.network, config.run.seed
    if network.start == "random":
        return random_weights(sizes, seed=seed)
    if network.start == "backprop":
        x, loss = torch.as_tensor(fit.x, dtype=torch.float32), config.loss.member()
        truth = fit.labels if fit.task == "classification" else fit.y
        y = targets(truth, sizes[-1], x, loss)
        activation = configured_activation(config)
        dense = backprop.dense_network(sizes, seed=seed, activation=activation)
        trained = backprop.fit(dense, x, y, epochs=EPOCHS, seed=seed, loss=loss, decay=DECAY)
        return read_network(trained)[0]
    assert network.weights is not None  # the configuration saw to it
    weights = read_weights(network.weights)
    given = [tuple(w.shape) for w, _ in weights]
    expected = list(zip(sizes[1:], sizes[:-1], strict=True))
    if given != expected:
        raise InputError(f"{network.weights}: given weights {given}; the network needs {expected}")
    return weights
