"""The command line: a thin shell over :mod:`nnbcd.api`.  Heavy libraries load inside commands."""

from __future__ import annotations

import functools
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, ParamSpec

import typer

from nnbcd.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

REFUTED, BAD_INPUT, NOTHING_JUDGED, INTERNAL, INTERRUPTED = 1, 2, 3, 70, 130

app = typer.Typer(
    name="nnbcd",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Train compressed neural networks by block coordinate descent, with a certificate.",
    epilog=(
        "Exit codes: 0 done, and nothing refuted (audit: at least one sweep was judged); "
        "1 a claim was refuted; 2 bad input; 3 audit: nothing could be judged; "
        "70 an error inside nnbcd; 130 interrupted."
    ),
)

P = ParamSpec("P")
Out = Annotated[Path | None, typer.Option("--out", help="Folder to write to.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier result there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; verdict only.")]


def main() -> None:
    """Run the command line; an error inside nnbcd exits with 70, not with "refuted"."""
    try:
        app()
    except Exception:
        traceback.print_exc()
        sys.exit(INTERNAL)


def friendly(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what a user can mend into a message and exit code 2, without a traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            _fail("interrupted", INTERRUPTED)
        except (InputError, OSError, FloatingPointError) as error:
            _fail(str(error), BAD_INPUT)
        except ValueError as error:
            if not _is_trace_error(error):
                raise
            _fail(str(error), BAD_INPUT)

    return wrapped


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    """Everything is in the commands."""
    if version:
        from nnbcd import __version__

        typer.echo(f"nnbcd {__version__}")
        raise typer.Exit


@app.command()
@friendly
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("nnbcd-demo"),
    overwrite: Overwrite = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of data split and starts.")] = 0,
) -> None:
    """Compress and train networks for handwritten digits, certify them, and write a report."""
    from rich.console import Console

    from nnbcd.demo import run_demo

    runs = run_demo(out, seed=seed, overwrite=overwrite, console=Console())["runs"]
    if any(run["refuted"] for run in runs):
        raise typer.Exit(REFUTED)
    if any(run["interrupted"] for run in runs):
        raise typer.Exit(INTERRUPTED)


@app.command()
@friendly
def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="See examples/.")],
    out: Out = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of the data files (MNIST).")
    ] = None,
    overwrite: Overwrite = False,
    no_audit: Annotated[bool, typer.Option("--no-audit", help="Do not judge the run.")] = False,
    quiet: Quiet = False,
) -> None:
    """Train the network that a TOML file describes, and certify the run."""
    from nnbcd.config import load_config, with_data_dir

    settings = load_config(config)
    if data_dir is not None:
        settings = with_data_dir(settings, data_dir)
    from nnbcd.api import run_config
    from nnbcd.progress import sweep_progress
    from nnbcd.report.terminal import print_result

    with sweep_progress(settings.run.sweeps, settings.run.name, enabled=not quiet) as tick:
        result = run_config(
            settings,
            out=out or settings.run.out,
            overwrite=overwrite or settings.run.overwrite,
            audit=settings.run.audit and not no_audit,
            on_progress=tick,
        )
    print_result(_console(), result, brief=quiet)
    if result.certificate is not None and result.certificate.exit_code == REFUTED:
        raise typer.Exit(REFUTED)
    if result.interrupted:
        raise typer.Exit(INTERRUPTED)


@app.command()
@friendly
def audit(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder in the trace format.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the certificate as JSON.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Also write certificate.json into RUN.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Judge a recorded run from its files alone; writes nothing unless told to."""
    import json

    from nnbcd import api
    from nnbcd.progress import track
    from nnbcd.report.terminal import print_certificate

    with track(None, "audit", enabled=not (quiet or as_json)) as tick:
        certificate = api.audit(run, progress=tick)
    found = certificate.to_json()
    if write:
        from nnbcd.files import write_json

        write_json(run / "certificate.json", found)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print_certificate(_console(), found, brief=quiet)
    raise typer.Exit(certificate.exit_code)


@app.command()
@friendly
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder, or a demo's folder.")],
) -> None:
    """Make report.html from the JSON files of a run."""
    from nnbcd.files import is_demo_folder
    from nnbcd.report import write_demo_report, write_report

    typer.echo(write_demo_report(run) if is_demo_folder(run) else write_report(run))


@app.command()
@friendly
def prove(
    as_json: Annotated[bool, typer.Option("--json", help="Print the ledger as JSON.")] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants/--no-mutants", help="Also refute the wrong variants.")
    ] = True,
    kernel: Annotated[
        bool, typer.Option("--coq/--no-coq", help="Also run Coq, where it is installed.")
    ] = True,
    write: Annotated[
        Path | None, typer.Option("--write", help="Folder for ledger.json and the SMT-LIB files.")
    ] = None,
    show: Annotated[
        str | None,
        typer.Option("--show", metavar="CLAIM", help="Prove nothing; show a claim and its basis."),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Check every proof anew, refute the wrong variants, and show the ledger.

    Exits 1 where a claim fails or has a weaker standing than in the ledger of this version.
    """
    import json

    from nnbcd import api
    from nnbcd.progress import track
    from nnbcd.report.terminal import print_claim, print_ledger

    if show is not None:
        print_claim(_console(), api.claims(), show)
        return
    with track(None, "prove", enabled=not (quiet or as_json)) as tick:
        ledger = api.prove(mutants=mutants, kernel=kernel, write=write, progress=tick)
    if as_json:
        typer.echo(json.dumps(ledger, indent=2, ensure_ascii=False))
    else:
        print_ledger(_console(), ledger)
    if ledger["lost"] or any(claim["status"] == "failed" for claim in ledger["claims"]):
        raise typer.Exit(REFUTED)


def _console() -> Console:
    from rich.console import Console as Terminal

    return Terminal()


def _is_trace_error(error: ValueError) -> bool:
    from nnbcd_checks import TraceError

    return isinstance(error, TraceError)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"nnbcd: {message}", err=True)
    raise typer.Exit(code)


if __name__ == "__main__":
    main()
