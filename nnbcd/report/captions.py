"""Headings, captions and alternative texts of the figures."""

from __future__ import annotations

from typing import NamedTuple


class Caption(NamedTuple):
    """``key`` makes ids unique on the page; ``alt`` stands for the picture."""

    key: str
    heading: str
    reading: str
    alt: str


SCORE = Caption(
    "score",
    "How good the network is",
    "On held-out data. The compressed network is what one keeps; the uncompressed weights W are "
    "shown beside it.",
    "Line plot of the held-out score by sweep, for the compressed and the uncompressed network.",
)
SIZE = Caption(
    "size",
    "How small the network is",
    "Numbers stored, without the positions of sparse entries; biases are always kept.",
    "Bar chart of the fraction of numbers kept in each layer, in the compressed layers and in all.",
)
OBJECTIVE = Caption(
    "objective",
    "Objective, term by term",
    "The total may never rise; its terms may. Evaluated in float64 whatever the run's arithmetic.",
    "Line plot of the objective and each of its terms by sweep, on a log scale.",
)
MARGINS = Caption(
    "margins",
    "Decrease beyond the guaranteed",
    "For each block update: the decrease of the objective less constant × step². Theory says it "
    "is never negative. Grey dots: below zero, but within roundoff. Red crosses: violations.",
    "Four line plots, for the V, U, W and Z blocks, of the margin of decrease by sweep on a log "
    "scale, with violations marked by red crosses.",
)
SUBGRADIENT = Caption(
    "subgradient",
    "Distance to stationarity",
    "The measured distance must stay below the subgradient element, and that below the bound "
    "from the step.",
    "Line plot by sweep, on a log scale, of the squared distance of zero to the subdifferential, "
    "the squared norm of the subgradient element, and the squared bound.",
)
RUNNING = Caption(
    "running",
    "The O(1/K) rate",
    "The running sum of squared distances must stay below b²(L⁰ − Lᴷ)/λ, which cannot exceed "
    "b²L⁰/λ: so their mean over K sweeps falls as 1/K. b and λ are theory's, not fitted.",
    "Line plot by sweep, on a log scale, of the running sum of squared distances and its bound.",
)
GAPS = Caption(
    "gaps",
    "Feasibility gaps",
    "How far the lifted variables are from a real network. A small objective with large gaps "
    "says little about the network.",
    "Three line plots by sweep, on a log scale, of the gaps of activation, linear map and "
    "compression, for each layer.",
)
DEMO = Caption(
    "demo",
    "Accuracy against size",
    "Each run's compressed network, beside compressing the dense network in one shot and, where "
    "tried, fine-tuning it by back-propagation afterwards.",
    "Scatter plot of held-out accuracy against the fraction of weights kept: NN-BCD, one-shot "
    "compression, fine-tuning, and the dense network as a line.",
)
