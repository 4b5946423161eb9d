"""Progress: a bar on a terminal, a few plain lines elsewhere, nothing when switched off."""

from __future__ import annotations

import io

from rich.console import Console

from nnbcd.progress import Progress, describe, sweep_progress, track


def console(*, terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=120, color_system=None), out


def run(sweeps: int, *, terminal: bool, enabled: bool = True, title: str = "digits") -> str:
    to, out = console(terminal=terminal)
    with sweep_progress(sweeps, title, enabled, console=to) as tick:
        for k in range(1, sweeps + 1):
            tick(Progress(k, sweeps, 100.0 / k, "accuracy", 0.5, rises=k // 40))
    return out.getvalue()


def test_plain_lines_every_tenth() -> None:
    lines = run(50, terminal=False).splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("digits: 1/50  objective 1.000e+02  accuracy 0.500")
    assert "left" not in lines[0]
    assert lines[1].endswith(" s left")
    assert lines[-1].endswith("digits: 50/50  objective 2.000e+00  accuracy 0.500  1 refuted")


def test_one_sweep_is_one_line() -> None:
    assert len(run(1, terminal=False).splitlines()) == 1


def test_a_bar_on_a_terminal() -> None:
    shown = run(3, terminal=True, title="a [red]title")
    assert "3/3" in shown
    assert "a [red]title" in shown
    assert "accuracy 0.500" in shown


def test_nothing_when_switched_off() -> None:
    assert run(5, terminal=False, enabled=False) == ""
    assert run(5, terminal=True, enabled=False) == ""


def test_what_is_unknown_is_left_out() -> None:
    assert describe(Progress(1, 2)) == ""
    assert describe(Progress(1, 2, score=0.25)) == "score 0.250"
    assert describe(Progress(1, 2, metric="r2", score=-1.5)) == "r2 -1.500"


def test_an_audit_may_learn_its_total_late() -> None:
    for terminal in (True, False):
        to, out = console(terminal=terminal)
        with track(None, "audit", console=to) as tick:
            tick(1, 3)
            tick(3, 3)
        assert "3/3" in out.getvalue()
