"""Times of a sweep as ratios: the published formulas over ours, ours over the matrix work alone.

``python -m benchmarks.ratios`` from the root of a checkout writes benchmarks/results/latest.json;
``--device cuda`` is the whole GPU benchmark and needs PyTorch and NumPy only.  Seconds are stored
but belong to the machine; ratios come from turns in one process.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch

from benchmarks.compare import read_rows, regressions
from benchmarks.measure import WARM_UP, row
from benchmarks.problems import COMPRESSED, MAIN, SCALING, cases
from nnbcd.errors import InputError
from nnbcd.files import write_json

LATEST = Path(__file__).parent / "results" / "latest.json"


def main(given: Sequence[str] | None = None) -> int:
    """Measure, write after every row, print; 1 where ``--compare`` finds a ratio worse."""
    options = parser().parse_args(given)
    earlier = None if options.compare is None else read_rows(options.compare)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    result: dict[str, Any] = header(options)
    for line in measured(options, result):
        print(line, file=sys.stderr, flush=True)
    if earlier is None:
        return 0
    worse = regressions(result["rows"], earlier, options.allowance)
    print("\n".join(worse or ["no ratio is worse than allowed"]))
    return 1 if worse else 0


def measured(options: argparse.Namespace, result: dict[str, Any]) -> Any:
    """Fill ``result`` row by row, written each time; yields what there is to say of each."""
    began = time.monotonic()
    plan = [
        (case, compression)
        for case in cases(options.device, options.problems, quick=options.quick)
        for compression in options.compressions
    ]
    for done, (case, compression) in enumerate(plan, start=1):
        name = f"[{done}/{len(plan)}] {case.name} {compression}"
        if time.monotonic() - began > 60 * options.minutes:
            result["skipped"].append(f"{case.name} {compression}")
            line = f"{name}: left out, {options.minutes:g} minutes are over"
        else:
            new = row(
                case,
                compression,
                dtype=options.dtype,
                device=options.device,
                rounds=options.rounds,
                quick=options.quick,
            )
            result["rows"].append(new)
            line = (
                f"{name}: published/ours {new['published_over_ours']:.2f}  "
                f"ours/floor {new['ours_over_floor']:.2f}  peak {new['peak_over_state']:.2f}  "
                f"{time.monotonic() - began:.0f} s"
            )
        write_json(options.out, result)
        yield line


def header(options: argparse.Namespace) -> dict[str, Any]:
    """What the rows of one file share."""
    on_gpu = options.device != "cpu"
    return {
        "schema": "nnbcd-benchmark",
        "version": 1,
        "date": date.today().isoformat(),
        "device_name": torch.cuda.get_device_name() if on_gpu else platform.machine(),
        "system": platform.system(),
        "threads": torch.get_num_threads(),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
        },
        "products": torch.get_float32_matmul_precision(),
        "warm_up": WARM_UP,
        "rows": [],
        "skipped": [],
    }


def parser() -> argparse.ArgumentParser:
    """The command line."""
    names = [case.name for case in (*MAIN, *SCALING)]
    own = argparse.ArgumentParser(prog="python -m benchmarks.ratios", description=__doc__)
    own.add_argument("problems", nargs="*", metavar="PROBLEM", help=f"of {', '.join(names)}")
    own.add_argument("--compressions", nargs="+", default=COMPRESSED, choices=COMPRESSED)
    own.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    own.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    own.add_argument("--rounds", type=int, default=5)
    own.add_argument("--minutes", type=float, default=8.0, help="start no row after this")
    own.add_argument("--quick", action="store_true", help="tiny shapes: a test of the script")
    own.add_argument("--out", type=Path, default=LATEST)
    own.add_argument("--compare", type=Path, metavar="FILE", help="earlier rows to compare with")
    own.add_argument("--allowance", type=float, default=0.15, help="fraction that may be lost")
    return own


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except InputError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
