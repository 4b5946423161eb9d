"""Every compression as a user meets it: by keywords, by a table, by a file; kept and loaded."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import nnbcd
from nnbcd.compressions import COMPRESSIONS
from nnbcd.config import load_config
from nnbcd.errors import InputError
from nnbcd.prepare import Wish, compression_wish

SHAPES = [(8, 12), (4, 8)]
SIZES: list[dict[str, Any]] = [
    {"kind": "prune", "nonzeros": [9, 7]},
    {"kind": "prune", "nonzeros": 9},
    {"kind": "nm", "n": 2, "m": 4},
    {"kind": "nm", "n": [1, 3], "m": [3, 4]},
    {"kind": "nm", "keep": 0.5},
    {"kind": "rows", "count": [3, 2]},
    {"kind": "columns", "count": 3},
    {"kind": "blocks", "count": 2},
    {"kind": "blocks", "count": 2, "shape": [2, 2]},
    {"kind": "blocks", "keep": 0.5, "shape": [[2, 3], [4, 1]]},
    {"kind": "low_rank", "rank": 2},
    {"kind": "shared_prune", "nonzeros": 20},
    {"kind": "shared_prune", "keep": 0.25, "group": "hidden"},
    {"kind": "grid", "bits": [3, 8]},
    {"kind": "tt", "rank": 2, "modes": [[8, 12], [4, 8]]},
    {"kind": "tt_svd", "keep": 0.6},
    {"kind": "tt_matrix", "rank": 2},
    {"kind": "tt_matrix", "keep": 0.8, "row_modes": [[4, 2], [2, 2]],
     "column_modes": [[3, 4], [2, 4]]},
    {"kind": "cp", "rank": 3},
    {"kind": "cp", "keep": 0.5, "modes": [[4, 2, 12], [4, 2, 4]]},
    {"kind": "tucker", "rank": 2},
    {"kind": "tucker", "keep": 0.6, "modes": [[8, 12], [4, 8]]},
]  # fmt: skip


def network(seed: int = 0) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3)
        )


def blobs(n: int = 30) -> tuple[Any, Any]:
    labels = np.arange(n) % 3
    return np.random.default_rng(0).normal(size=(n, 12)) + 2 * labels[:, None], labels


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", [k for k, one in COMPRESSIONS.items() if one.compresses])
def test_every_kind_is_recorded_and_loads_back(kind: str, dtype: str, tmp_path: Path) -> None:
    x, y = blobs()
    result = nnbcd.compress(
        network(), x, y, compression=kind, keep=0.6, sweeps=2, dtype=dtype, audit=False,
        evaluation=(x, y), out=tmp_path / "run",
    )  # fmt: skip
    assert 0 < result.kept_fraction <= 0.6 + 2 / 128  # two scales of grid
    again = nnbcd.load_model(tmp_path / "run" / "model.safetensors")
    assert torch.equal(again.predict(x), result.model.predict(x))
    dense = again.to_dense()
    assert all(isinstance(m, nn.Linear | nn.ReLU) for m in dense)
    torch.testing.assert_close(dense(torch.as_tensor(x).to(again.predict(x))), again.predict(x))
    run = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run["kept_meaning"] == f"{kind}: {COMPRESSIONS[kind].kept_meaning}"
    stored = sum(layer["stored"] for layer in run["layers"][:2])
    assert stored / 128 == pytest.approx(run["kept_fraction"])
    assert run["bytes"]["kept"] > 0
    assert run["bytes"]["dense"] == (96 + 32 + 12 + 15) * (4 if dtype == "float32" else 8)
    page = html.unescape((tmp_path / "run" / "report.html").read_text())
    assert COMPRESSIONS[kind].kept_meaning in page
    recorded = json.loads((tmp_path / "run" / "problem.json").read_text())
    assert recorded["layers"][0]["compression"]["kind"] == kind


def test_weights_stay_trainable_and_indices_do_not() -> None:
    x, y = blobs()
    for kind in ("prune", "grid", "low_rank", "cp", "tucker", "tt_matrix"):
        model = nnbcd.compress(
            network(), x, y, compression=kind, keep=0.6, sweeps=1, audit=False
        ).model
        model(torch.as_tensor(x)).square().sum().backward()
        assert all(p.grad is not None and p.is_floating_point() for p in model.parameters())


@pytest.mark.parametrize("table", SIZES, ids=str)
def test_a_table_keywords_and_a_file_mean_the_same(table: dict[str, Any], tmp_path: Path) -> None:
    own = {key: value for key, value in table.items() if key != "kind"}
    by_table, rest = compression_wish({"compression": table, "sweeps": 3})
    by_keyword, _ = compression_wish({"compression": table["kind"]} | own)
    assert rest == {"sweeps": 3}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    path = tmp_path / "run.toml"
    head = '[data]\nsource = "digits"\n[network]\nhidden = [8, 4]\n[compression]\n'
    path.write_text(head + "\n".join(lines) + "\n")
    config = load_config(path).compression
    by_file = Wish(config.kind, config.given())
    members = [wish.resolve(SHAPES, dtype="float64") for wish in (by_table, by_keyword, by_file)]
    assert members[0] == members[1] == members[2]
    assert [one.kind for one in members[0]] == [table["kind"]] * 2
    for member, shape in zip(members[0], SHAPES, strict=True):
        member.validate(shape)
        again = type(member)(
            **{
                key: tuple(v) if isinstance(v, list) else v
                for key, v in member.to_json().items()
                if key != "kind"
            }
        )
        assert again == member


def test_two_of_four_is_what_it_says() -> None:
    x, y = blobs()
    run = nnbcd.compress(network(), x, y, compression="nm", n=2, m=4, sweeps=2, audit=False)
    assert run.kept_fraction == 0.5
    for own in run.outcome.state.layers[:2]:
        assert int((own.Z[0].reshape(-1, 4) != 0).sum(1).max()) <= 2


def test_where_no_size_is_said_a_tenth_is_kept() -> None:
    assert compression_wish({})[0].given == {"keep": 0.1}
    assert compression_wish({"compression": "tt", "modes": [[8, 12]]})[0].given["keep"] == 0.1
    assert compression_wish({"compression": "none"})[0].given == {}
    assert compression_wish({"compression": {"kind": "blocks"}, "shape": [2, 2]})[0].given == {
        "shape": [2, 2], "keep": 0.1,
    }  # fmt: skip


BAD: list[tuple[dict[str, Any], str]] = [
    ({"kind": "zip"}, "compression kind: given 'zip'; allowed: none, prune"),
    ({"kind": "nm", "n": 3, "m": 5}, "nm m: given 5 for a 8x12 layer; allowed: a divisor of 12"),
    ({"kind": "nm", "n": 5}, "nm n: given 5 of 4; allowed: 1 to 4"),
    ({"kind": "nm", "keep": 0.1}, "compression nm keep: given 0.1 for a 8x12 layer; allowed: 0.25"),
    ({"kind": "nm"}, "nm keep: given 0.1"),
    ({"kind": "nm", "n": "2"}, "compression nm n: given '2'; allowed: a whole number"),
    ({"kind": "grid", "bits": 3.0}, "compression grid bits: given 3.0; allowed: a whole number"),
    ({"kind": "rows", "keep": "0.5"}, "keep: given 0.5; allowed: a fraction in (0, 1]"),
    ({"kind": "cp", "rank": 2, "modes": [8.0, 12]}, "allowed: a list of whole numbers"),
    ({"kind": "rows", "count": 9}, "rows count: given 9 for a 8x12 layer; allowed: 1 to 8"),
    ({"kind": "columns", "count": 0}, "columns count: given 0"),
    ({"kind": "blocks", "count": 1, "shape": [5, 2]}, "blocks shape: given [5, 2]"),
    ({"kind": "blocks", "count": 1, "shape": [2, 2, 2]}, "allowed: [a divisor of 8, a divisor of"),
    ({"kind": "blocks", "count": 1, "shape": 3}, "blocks shape: given 3; allowed: a list"),
    ({"kind": "low_rank", "rank": 9}, "low_rank rank: given 9 for a 8x12 layer; allowed: 1 to 8"),
    ({"kind": "low_rank", "keep": 0.1}, "0.208333 to 1, since the smallest stores 20 numbers"),
    ({"kind": "low_rank", "rank": 1, "keep": 0.5}, "exactly one of keep, rank"),
    ({"kind": "low_rank", "modes": [[8, 12]]}, "given modes; allowed: exactly one of keep, rank"),
    ({"kind": "grid", "bits": 9}, "grid bits: given 9; allowed: 2 to 8"),
    ({"kind": "grid", "keep": 0.01}, "given 0.01 of float64; allowed: 0.03125 to 1"),
    ({"kind": "shared_prune", "nonzeros": [3, 3]}, "allowed: one whole number for the group"),
    ({"kind": "shared_prune", "nonzeros": 999}, "given 999 for group 'all' of 128 entries"),
    ({"kind": "cp", "rank": 0}, "cp rank: given 0"),
    ({"kind": "cp", "rank": 2, "modes": [[2, 2], [4, 8]]}, "cp modes: given [2, 2]"),
    ({"kind": "cp", "keep": 0.01}, "cp keep: given 0.01"),
    ({"kind": "tucker", "keep": 0.01}, "tucker budget: given 0 numbers; allowed:"),
    ({"kind": "tt_matrix", "rank": 2, "row_modes": [[4, 2], [4, 1]], "column_modes": [[12, 1]]},
     "compression column_modes: given 1 entries; allowed: 2"),
    ({"kind": "tt_matrix", "rank": 2, "row_modes": [[4, 3], [2, 2]]}, "given row_modes [4, 3]"),
    ({"kind": "none", "keep": 0.5}, "compression none: given keep; allowed: no further keys"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "message"), BAD)
def test_what_cannot_be_is_refused(table: dict[str, Any], message: str) -> None:
    x, y = blobs()
    with pytest.raises(InputError, match=re.escape(message)):
        nnbcd.compress(network(), x, y, compression=table, sweeps=1, audit=False)


FILES = [
    ('kind = "zip"', 'compression.kind: given "zip"; allowed: "none", "prune", "nm", "rows", '),
    ('kind = "nm"\nn = 2\nmm = 4', 'compression.mm: unknown key; did you mean m?'),
    ('kind = "nm"\nn = 0', "compression.n: given 0; allowed: whole numbers >= 1, or lists of them"),
    ('kind = "grid"\nbits = true', "compression.bits: given True; allowed: whole numbers >= 1"),
    ('kind = "grid"\nkeep = 0.1\nrank = 2', "compression.rank: given 2; allowed: keep or bits for "
     'kind = "grid"'),
    ('kind = "grid"\nbits = 3\nmodes = [[8, 8], [8, 8]]', "compression.modes: given "
     '[[8, 8], [8, 8]]; allowed: with kind "tt", "tt_svd", "cp" or "tucker" only'),
    ('kind = "rows"\ncount = [1, 2, 3]', "compression.count: given 3 entries; allowed: 2, one for "
     "each compressed layer"),
    ('kind = "none"\nkeep = 0.5', "compression.keep: given 0.5; allowed: no size for kind = "
     '"none"'),
    ('kind = 3', "compression.kind: given 3; allowed: a valid string"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), FILES)
def test_a_file_is_told_what_is_wrong_in_one_line(text: str, line: str, tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('[data]\nsource = "digits"\n[compression]\n' + text + "\n")
    with pytest.raises(InputError) as caught:
        load_config(path)
    (told,) = str(caught.value).splitlines()
    assert told.startswith(f"{path}: {line}")


def test_a_broken_layer_in_a_model_file_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    x, y = blobs()
    nnbcd.compress(
        network(), x, y, compression="cp", keep=0.6, sweeps=1, audit=False, out=tmp_path / "run"
    )
    path = tmp_path / "run" / "model.safetensors"
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    whole = load_file(path)
    broken = tmp_path / "broken.safetensors"
    for change in (
        {name: t for name, t in whole.items() if name != "layer1.core.2"},
        whole | {"layer1.core.1": torch.ones(3, 2)},
    ):
        save_file(change, broken, metadata=metadata)
        with pytest.raises(InputError, match="layer description or tensor missing"):
            nnbcd.load_model(broken)
