"""The command line: exit codes and messages, with a stand-in for the solver and the auditor."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from nnbcd import api, cli
from nnbcd.errors import InputError
from nnbcd.progress import Progress

from .conftest import make_certificate, make_claim, write_run

Run = Callable[..., Any]
PROVED = make_certificate(make_claim("descent", "certified"))
REFUTED = make_certificate(make_claim("descent", "refuted"), certified=False)
OPEN = make_certificate(make_claim("descent", "not_checkable", where=None), certified=False)


@pytest.fixture
def run() -> Run:
    return lambda *words: CliRunner().invoke(cli.app, [str(word) for word in words])


def certificate(found: dict[str, Any], code: int) -> Any:
    return SimpleNamespace(to_json=lambda: found, exit_code=code)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "a.toml"
    path.write_text('[data]\nsource = "digits"\n[run]\nsweeps = 3\nout = "there"\n')
    return path


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A stand-in for ``api.run_config``; what it was given, and what it is to return."""
    told = SimpleNamespace(
        given={}, result=SimpleNamespace(
            interrupted=False, certificate=certificate(PROVED, 0), run=tmp_path / "there"
        ), error=None,
    )  # fmt: skip

    def run_config(config: Any, **given: Any) -> Any:
        told.given = {"config": config} | given
        if told.error is not None:
            raise told.error
        for k in range(1, 4):
            given["on_progress"](Progress(k, 3, 1.0, "accuracy", 0.5))
        return told.result

    monkeypatch.setattr(api, "run_config", run_config)
    return told


def test_help_and_version(run: Run) -> None:
    shown = " ".join(run("--help").output.split())
    for words in ("1 a claim was refuted", "2 bad input", "3 audit: nothing could be judged"):
        assert words in shown
    assert run("--version").output.startswith("nnbcd ")
    for command in ("demo", "train", "audit", "report"):
        assert run(command, "--help").exit_code == 0


@pytest.mark.parametrize("words", [["trian"], ["train"], ["audit", "a", "b"], ["report", "--x"]])
def test_usage_errors_exit_with_2(run: Run, words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, nnbcd.cli; heavy = {'torch', 'matplotlib', 'numpy', 'pydantic'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert time.perf_counter() - began < 5  # about 0.3 s; the machine may be busy


def test_train_passes_the_options_on(
    run: Run, trained: SimpleNamespace, config: Path, tmp_path: Path
) -> None:
    done = run("train", config)
    assert done.exit_code == 0
    assert "Certified" in done.stdout
    assert str(tmp_path / "there" / "report.html") in done.stdout
    assert "3/3" in done.stderr
    assert trained.given["out"] == tmp_path / "there"
    assert trained.given["audit"] is True
    assert trained.given["overwrite"] is False
    done = run("train", config, "--out", tmp_path / "x", "--overwrite", "--no-audit", "--quiet")
    assert trained.given["out"] == tmp_path / "x"
    assert trained.given["audit"] is False
    assert trained.given["overwrite"] is True
    assert done.stderr == ""


def test_train_data_dir(run: Run, trained: SimpleNamespace, config: Path, tmp_path: Path) -> None:
    done = run("train", config, "--data-dir", tmp_path)
    assert done.exit_code == 2
    assert "--data-dir" in done.stderr
    config.write_text('[data]\nsource = "mnist"\n')
    assert run("train", config, "--data-dir", tmp_path).exit_code == 0
    assert trained.given["config"].data.data_dir == tmp_path


@pytest.mark.parametrize(
    ("judged", "interrupted", "code", "words"),
    [
        (certificate(REFUTED, 1), False, 1, "Refuted"),
        (certificate(REFUTED, 1), True, 1, "Interrupted; the sweeps done so far are a valid run"),
        (certificate(PROVED, 0), True, 130, "there"),
        (certificate(OPEN, 3), False, 0, "Could not be judged"),
        (None, False, 0, "Nothing was judged (audit switched off)."),
    ],
)
def test_train_exit_codes(
    run: Run, trained: SimpleNamespace, config: Path, judged: Any, interrupted: bool, code: int,
    words: str,
) -> None:  # fmt: skip
    trained.result.certificate, trained.result.interrupted = judged, interrupted
    done = run("train", config)
    assert done.exit_code == code
    assert words in done.stdout


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (InputError("the data are wrong"), 2, "nnbcd: the data are wrong"),
        (PermissionError(13, "Permission denied", "out"), 2, "Permission denied"),
        (FloatingPointError("sweep 3: no longer finite"), 2, "sweep 3"),
        (KeyboardInterrupt(), 130, "nnbcd: interrupted"),
    ],
)
def test_errors_become_messages(
    run: Run, trained: SimpleNamespace, config: Path, error: BaseException, code: int, words: str
) -> None:
    trained.error = error
    done = run("train", config)
    assert done.exit_code == code
    assert words in done.stderr
    assert "Traceback" not in done.output


def test_an_error_inside_nnbcd_is_no_verdict(
    trained: SimpleNamespace, config: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for error in (RuntimeError("a bug"), ValueError("a bug")):
        trained.error = error
        monkeypatch.setattr(sys, "argv", ["nnbcd", "train", str(config)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 70
        assert "Traceback" in capsys.readouterr().err


def test_config_errors_name_file_and_key(run: Run, config: Path) -> None:
    config.write_text('[data]\nsource = "digits"\n[penalties]\ngama = 1\n')
    done = run("train", config)
    assert done.exit_code == 2
    assert "penalties.gama: unknown key; did you mean gamma?" in done.stderr


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [(PROVED, 0, "Certified"), (REFUTED, 1, "Refuted"), (OPEN, 3, "Could not be judged")],
)
def test_audit(
    run: Run, run_folder: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any], code: int,
    words: str,
) -> None:  # fmt: skip
    def audit(path: Path, *, progress: Callable[[int, int], None]) -> Any:
        assert path == run_folder
        progress(1, 1)
        return certificate(found, code)

    monkeypatch.setattr(api, "audit", audit)
    before = {p: p.read_bytes() for p in run_folder.iterdir()}
    done = run("audit", run_folder)
    assert done.exit_code == code
    assert words in done.stdout
    assert "worst margin" in done.stdout
    done = run("audit", run_folder, "--json")
    assert done.exit_code == code
    assert json.loads(done.stdout) == found
    assert done.stderr == ""
    done = run("audit", run_folder, "--quiet")
    assert words in done.stdout
    assert "worst margin" not in done.stdout
    assert {p: p.read_bytes() for p in run_folder.iterdir()} == before
    assert run("audit", run_folder, "--write", "--quiet").exit_code == code
    assert json.loads((run_folder / "certificate.json").read_text()) == found


def test_audit_of_bad_input(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nnbcd_checks import TraceError

    def audit(*_: Any, **__: Any) -> Any:
        raise TraceError("problem.json: no such file")

    monkeypatch.setattr(api, "audit", audit)
    done = run("audit", tmp_path)
    assert done.exit_code == 2
    assert done.stderr == "nnbcd: problem.json: no such file\n"


def test_report(run: Run, tmp_path: Path) -> None:
    run_folder = write_run(tmp_path / "run", leave_out=("rows.jsonl",))
    done = run("report", run_folder)
    assert done.exit_code == 0
    assert done.stdout.strip() == str(run_folder / "report.html")
    (tmp_path / "summary.json").write_text('{"schema": "nnbcd-summary", "runs": []}')
    assert run("report", tmp_path).exit_code == 0
    assert (tmp_path / "report.html").exists()
    done = run("report", tmp_path / "none")
    assert done.exit_code == 2
    assert "no such run folder" in done.stderr


def test_demo(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nnbcd import demo

    told: dict[str, Any] = {}
    runs: list[dict[str, bool]] = [{"refuted": False, "interrupted": False}]

    def fake(out: Path, **given: Any) -> dict[str, Any]:
        told.update(given, out=out)
        return {"runs": runs}

    monkeypatch.setattr(demo, "run_demo", fake)
    assert run("demo", "--out", tmp_path / "d", "--seed", "3", "--overwrite").exit_code == 0
    assert told.pop("console") is not None
    assert told == {"out": tmp_path / "d", "seed": 3, "overwrite": True}
    assert run("demo", "--seed", "-1").exit_code == 2
    runs.append({"refuted": False, "interrupted": True})
    assert run("demo").exit_code == 130
    runs.append({"refuted": True, "interrupted": False})
    assert run("demo").exit_code == 1


def test_names_with_brackets_are_shown_as_they_are(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "r")
    found = make_certificate(make_claim("[red]x", "refuted", why="[/] odd"), certified=False)
    monkeypatch.setattr(api, "audit", lambda *_, **__: certificate(found, 1))
    done = run("audit", folder, "--quiet")
    assert "[red]x: refuted" in done.stdout
    assert "[/] odd" in done.stdout
