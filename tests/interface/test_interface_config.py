"""Every problem of a configuration in one line: file, key, given, allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnbcd.config import Config, load_config, parse_config, with_data_dir
from nnbcd.errors import InputError

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))
DATA = '[data]\nsource = "digits"\n'


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "my-run.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def complaint(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(tmp_path, text)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(str(tmp_path / "my-run.toml")) for line in lines)
    return [line.removeprefix(f"{tmp_path / 'my-run.toml'}").lstrip(": ") for line in lines]


def test_the_least_configuration(tmp_path: Path) -> None:
    config = load(tmp_path, DATA)
    assert config.run.name == "my-run"
    assert config.run.out == tmp_path / "runs" / "my-run"
    assert config.data.held_out == 0.2
    assert config.penalties.given() == {}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_examples_are_valid(path: Path) -> None:
    assert load_config(path).run.name == path.stem


def test_there_are_examples() -> None:
    assert [p.stem for p in EXAMPLES] == [
        "digits-hinge",
        "digits-nm",
        "digits-prune",
        "digits-tt",
        "mnist-prune",
    ]


def test_paths_count_from_the_file(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        '[data]\nsource = "csv"\npath = "a/b.csv"\ntarget = -1\n'
        '[network]\nstart = "weights"\nweights = "/w.safetensors"\n[run]\nout = "../there"\n',
    )
    assert config.data.path == tmp_path / "a" / "b.csv"
    assert config.network.weights == Path("/w.safetensors")
    assert config.run.out == tmp_path / ".." / "there"


def test_penalties_are_numbers_or_one_per_layer(tmp_path: Path) -> None:
    text = DATA + "[network]\nhidden = [8]\n[penalties]\ntau = [1, 2.5]\nmu = 0\n"
    assert load(tmp_path, text).penalties.given() == {"tau": (1.0, 2.5), "mu": 0.0}


def test_a_configuration_is_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path, DATA).run.sweeps = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["data: this table is missing"]),
        ("[data]\n", ["data.source: this key is missing"]),
        (
            '[data]\nsource = "digit"\n',
            ["data.source: given \"digit\"; allowed: 'digits', 'npz', 'csv' or 'mnist'"],
        ),
        (DATA + "heldout = 0.1\n", ["data.heldout: unknown key; did you mean held_out?"]),
        (DATA + "sweeps = 3\n", ["data.sweeps: unknown key; did you mean it under [run]?"]),
        (DATA + "zzz = 3\n", ["data.zzz: unknown key; known keys: source, path, data_dir, target, "
                              "task, held_out, seed, class_weight"]),
        (DATA + "[runs]\n", ["runs: unknown key; did you mean run?"]),
        ("sweeps = 3\n" + DATA, ["sweeps: unknown key; did you mean it under [run]?"]),
        ("run = 3\n" + DATA, ["run: given 3; allowed: a table [run]"]),
        (DATA + "held_out = 1.0\n", ["data.held_out: given 1.0; allowed: less than 1"]),
        (DATA + "seed = -1\n", ["data.seed: given -1; allowed: greater than or equal to 0"]),
        (
            DATA + 'path = "x"\n',
            ['data.path: given "x"; allowed: with source "npz" or "csv" only'],
        ),
        (
            '[data]\nsource = "npz"\n',
            ['data.path: missing; source = "npz" reads a file'],
        ),
        (
            '[data]\nsource = "csv"\npath = "x"\ntarget = 1.5\n',
            ["data.target: given 1.5; allowed: a valid string or a valid integer"],
        ),
        (
            DATA + "[network]\nhidden = [4, 0]\n",
            ["network.hidden[1]: given 0; allowed: greater than or equal to 1"],
        ),
        (
            DATA + "[network]\nslope = 0.1\n",
            ['network.slope: given 0.1; allowed: with activation "leaky_relu" only'],
        ),
        (
            DATA + '[network]\nstart = "weights"\n',
            ['network.weights: missing; start = "weights" reads a safetensors file'],
        ),
        (
            DATA + '[compression]\nkind = "prune"\nkeep = 1.5\n',
            ["compression.keep: given 1.5; allowed: less than or equal to 1"],
        ),
        (
            DATA + '[compression]\nkind = "prune"\n',
            ['compression: given no size; allowed: exactly one of keep or nonzeros for kind = '
             '"prune"'],
        ),
        (
            DATA + '[compression]\nkind = "tt"\nkeep = 0.1\nrank = 2\n',
            ['compression: given keep and rank; allowed: exactly one of keep or rank for kind = '
             '"tt"'],
        ),
        (
            DATA + '[compression]\nkind = "tt"\nnonzeros = [3, 3]\n',
            ['compression.nonzeros: given [3, 3]; allowed: keep or rank for kind = "tt"'],
        ),
        (
            DATA + '[compression]\nkind = "prune"\nnonzeros = [3]\n',
            ["compression.nonzeros: given 1 entries; allowed: 2, one for each compressed layer"],
        ),
        (
            DATA + '[network]\nhidden = []\n[compression]\nkind = "prune"\nkeep = 0.5\n',
            ['compression.kind: given "prune"; allowed: "none" where network.hidden is empty, '
             "since the last layer is never compressed"],
        ),
        (
            DATA + "[penalties]\ngamma = 0\n",
            ["penalties.gamma: given 0; allowed: a finite number > 0, or a list of one per layer"],
        ),
        (
            DATA + "[penalties]\nalpha = [0, -1, 0]\n",
            ["penalties.alpha: given [0, -1, 0]; allowed: a finite number >= 0, or a list of one "
             "per layer"],
        ),
        (
            DATA + "[penalties]\nmu = inf\n",
            ["penalties.mu: given Infinity; allowed: a finite number >= 0, or a list of one per "
             "layer"],
        ),
        (
            DATA + "[penalties]\nrho = true\n",
            ["penalties.rho: given true; allowed: a finite number > 0, or a list of one per layer"],
        ),
        (
            DATA + "[penalties]\ntau = [1, 2]\n",
            ["penalties.tau: given [1.0, 2.0]; allowed: one number, or a list of 3, one for each "
             "layer"],
        ),
        (DATA + "[penalties]\ngama = 1\n", ["penalties.gama: unknown key; did you mean gamma?"]),
        (
            DATA + "[run]\nsweeps = 0\n",
            ["run.sweeps: given 0; allowed: greater than or equal to 1"],
        ),
        (DATA + '[run]\nsweeps = "9"\n', ['run.sweeps: given "9"; allowed: a valid integer']),
        (DATA + "[run]\naudit = 1\n", ["run.audit: given 1; allowed: a valid boolean"]),
        (
            DATA + '[run]\ndtype = "half"\n',
            ["run.dtype: given \"half\"; allowed: 'float32' or 'float64'"],
        ),
        ("[data\n", ["line 1, column 6: not TOML: Expected ']' at the end of a table declaration"]),
    ],
)  # fmt: skip
def test_each_complaint(tmp_path: Path, text: str, lines: list[str]) -> None:
    assert [line.removeprefix(", ") for line in complaint(tmp_path, text)] == lines


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = DATA + "[penalties]\ngamma = -1\nrho = -1\n[run]\nsweeps = 1.5\n"
    assert [line.partition(":")[0] for line in complaint(tmp_path, text)] == [
        "penalties.gamma",
        "penalties.rho",
        "run.sweeps",
    ]


def test_toml_that_ends_too_early_and_files_that_are_none(tmp_path: Path) -> None:
    (line,) = complaint(tmp_path, DATA + 'x = "')
    assert "line 3, column 6: not TOML: Unterminated string at the end of the file" in line
    with pytest.raises(InputError, match="no such file"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not UTF-8"):
        load_config(tmp_path / "bytes.toml")


def test_data_dir_goes_with_mnist_only() -> None:
    mnist = parse_config({"data": {"source": "mnist"}})
    assert with_data_dir(mnist, Path("d")).data.data_dir == Path("d")
    with pytest.raises(InputError, match='allowed: with source "mnist" only'):
        with_data_dir(parse_config({"data": {"source": "digits"}}), Path("d"))
