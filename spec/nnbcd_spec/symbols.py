"""The symbols that closed forms, constants and domains are written in."""

from __future__ import annotations

import sympy as sp

gamma, rho, tau = sp.symbols("gamma rho tau", positive=True)
alpha, alpha_z, mu = sp.symbols("alpha alpha_z mu", nonnegative=True)

S_min = sp.Symbol("S_min", positive=True)
"""The least sample weight."""

d, p = sp.symbols("d p", integer=True, positive=True)
"""Outputs and inputs of a layer: the shape of its W."""

total = sp.Symbol("total", integer=True, positive=True)
"""The entries of all the layers of a group together."""
