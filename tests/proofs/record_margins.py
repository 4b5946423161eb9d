"""Write the recorded steps of the multiclass hinges: ``python tests/proofs/record_margins.py``.

Inputs are drawn by a fixed seed; outputs are the solver's, in float64.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random

import torch

from nnbcd.losses import loss_from
from nnbcd_checks.proofs.duals import MEMBERS

FOLDER = Path(__file__).parents[2] / "proofs_checks/nnbcd_checks/proofs/recorded"
GROUPS = {"spread": (3.0, 120), "tiny": (1e-8, 30), "large": (40.0, 60), "tied": (0.0, 40)}
"""Of each group: the size of a, and how many cases."""


def inputs(member):
    """(label, a, m), always the same."""
    random = Random(f"20260101 {member}")
    for group, (size, count) in GROUPS.items():
        for _ in range(count):
            d = random.randint(2, 10)
            a = [random.uniform(-size, size) for _ in range(d)]
            if group == "tied":
                a = [float(random.randint(-2, 2)) for _ in range(d)]
            m = math.exp(random.uniform(math.log(1e-4), math.log(1e6)))
            yield random.randrange(d), a, random.choice((1.0, m))


def output(member, label, a, m):
    """The solver's step."""
    y = torch.zeros(1, len(a), dtype=torch.float64)
    y[0, label] = 1
    anchor, weight = y.new_tensor([a]), y.new_tensor([[m]])
    return loss_from(member).nearest(anchor, y, weight)[0].tolist()


def main():
    for member in MEMBERS:
        rows = [[label, a, m, output(member, label, a, m)] for label, a, m in inputs(member)]
        lines = ",\n".join(json.dumps(row) for row in rows)
        text = f'{{"member": "{member}", "dtype": "float64", "cases": [\n{lines}\n]}}\n'
        (FOLDER / f"{member}.json").write_text(text, encoding="utf-8")
        print(f"{member}: {len(rows)} cases")


if __name__ == "__main__":
    main()
