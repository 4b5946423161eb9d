"""Nothing half-written, nothing of others' removed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nnbcd.errors import InputError
from nnbcd.files import claim_folder, write_bytes, write_json, write_text


def test_text_keeps_its_newlines_and_json_ends_with_one(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x\r\ny\n")
    assert (tmp_path / "a").read_bytes() == b"x\r\ny\n"
    write_json(tmp_path / "b", {"é": [1.5, None]})
    assert json.loads((tmp_path / "b").read_text(encoding="utf-8")) == {"é": [1.5, None]}
    assert (tmp_path / "b").read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize("failing", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, error: BaseException
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise error

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(type(error)):
        write_bytes(path, b"new" * 10_000)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_that_cannot_be_said_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "a", 1)
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a", [float("nan")])
    assert (tmp_path / "a").read_text() == "1\n"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_write_keeps_the_umask(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    (tmp_path / "b").write_text("x")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode


def test_a_new_or_empty_folder_is_claimed(tmp_path: Path) -> None:
    assert claim_folder(tmp_path / "a" / "b").is_dir()
    assert claim_folder(tmp_path / "a" / "b", overwrite=True).is_dir()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes.txt", "mine"),
        ("problem.json", '{"format": "another"}'),
        ("problem.json", "not JSON"),
        ("problem.json", "[]"),
        ("summary.json", '{"schema": "another"}'),
    ],
)
def test_a_foreign_folder_is_never_touched(
    tmp_path: Path, overwrite: bool, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / "rows.jsonl").write_text("mine")
    with pytest.raises(InputError, match="not written by nnbcd"):
        claim_folder(tmp_path, overwrite)
    assert (tmp_path / name).read_text() == content
    assert (tmp_path / "rows.jsonl").read_text() == "mine"


def test_a_file_or_a_dangling_link_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="a file of this name"):
        claim_folder(tmp_path / "file", overwrite=True)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="leads nowhere"):
        claim_folder(tmp_path / "link", overwrite=True)


def _run(folder: Path) -> Path:
    (folder / "states").mkdir(parents=True)
    (folder / "states" / "000001.safetensors").write_bytes(b"s")
    (folder / "problem.json").write_text('{"format": "nnbcd-trace"}')
    (folder / "rows.jsonl").write_text("{}")
    return folder


def test_an_earlier_run_goes_only_when_told_and_only_its_own_files(tmp_path: Path) -> None:
    run = _run(tmp_path / "run")
    (run / "notes.txt").write_text("mine")
    (run / "states" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="--overwrite"):
        claim_folder(run)
    assert (run / "rows.jsonl").exists()
    claim_folder(run, overwrite=True)
    left = sorted(p.relative_to(run).as_posix() for p in run.rglob("*"))
    assert left == ["notes.txt", "states", "states/thesis.txt"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    elsewhere = _run(tmp_path / "elsewhere")
    run = _run(tmp_path / "run")
    (run / "states" / "000001.safetensors").unlink()
    (run / "states").rmdir()
    (run / "states").symlink_to(elsewhere / "states")
    claim_folder(run, overwrite=True)
    assert (elsewhere / "states" / "000001.safetensors").exists()


def test_an_earlier_demo_goes_with_its_runs_but_not_with_other_folders(tmp_path: Path) -> None:
    demo, elsewhere = tmp_path / "demo", _run(tmp_path / "elsewhere")
    _run(demo / "pruned")
    (demo / "mine").mkdir()
    (demo / "mine" / "rows.jsonl").write_text("mine")
    (demo / "linked").symlink_to(elsewhere)
    (demo / "summary.json").write_text('{"schema": "nnbcd-summary"}')
    (demo / "report.html").write_text("old")
    claim_folder(demo, overwrite=True)
    assert sorted(p.name for p in demo.iterdir()) == ["linked", "mine"]
    assert (elsewhere / "problem.json").exists()
