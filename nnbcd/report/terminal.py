"""A certificate in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nnbcd.errors import InputError
from nnbcd.report import words
from nnbcd.report.read import Record, records

if TYPE_CHECKING:
    from rich.console import Console

    from nnbcd.api import Result

WIDE = 130
STYLES = {"good": "bold green", "bad": "bold red", "open": "bold yellow"}


def print_certificate(console: Console, certificate: Record, *, brief: bool = False) -> None:
    """The verdict in words; before it, unless ``brief``, a table of the claims.

    A narrow terminal leaves the column of reasons out; the words give those that matter.
    """
    from rich.table import Table
    from rich.text import Text

    if not brief:
        table = Table(title="Claims", title_justify="left")
        table.add_column("claim")
        table.add_column("verdict")
        table.add_column("worst margin", justify="right")
        table.add_column("tolerance", justify="right")
        table.add_column("where")
        reasons = console.width >= WIDE
        if reasons:
            table.add_column("why")
        for claim in records(certificate.get("claims")):
            verdict, tone = words.VERDICTS.get(
                str(claim.get("verdict")), (str(claim.get("verdict")), "open")
            )
            table.add_row(
                Text(words.title(claim)),
                Text(verdict, style=STYLES[tone]),
                words.figure(claim.get("margin")),
                words.figure(claim.get("tolerance")),
                Text(words.where(claim.get("where"))),
                *([Text(str(claim.get("why") or ""))] if reasons else []),
            )
        console.print(table)
    verdict_on_all = words.overall(certificate)
    console.print(Text(verdict_on_all.headline, style=STYLES[verdict_on_all.tone]))
    for line in verdict_on_all.sentences:
        console.print(Text(line), soft_wrap=True)


def print_result(console: Console, result: Result, *, brief: bool = False) -> None:
    """What became of a training run: its verdict, how far it came, and where its report lies."""
    if result.interrupted:
        words_now = "Interrupted; the sweeps done so far are a valid run"
        console.print(f"{words_now}: {result.run}", markup=False, soft_wrap=True)
    if result.certificate is None:
        console.print("Nothing was judged (audit switched off).")
    else:
        print_certificate(console, result.certificate.to_json(), brief=brief)
    if result.run is not None and not brief:
        console.print(f"Report: {result.run / 'report.html'}", markup=False, soft_wrap=True)


def print_ledger(console: Console, ledger: Mapping[str, Any]) -> None:
    """The claims with their standing: what is proved, what is only tested, what is assumed."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in ("claim", "status", "mutants", "statement"):
        table.add_column(column, justify="right" if column == "mutants" else "left")
    for claim in ledger["claims"]:
        refuted = claim["mutants_refuted"]
        again = "" if claim["checked"] else " (not again)"
        standing = Text(claim["status"] + again, style=_standing(claim))
        table.add_row(claim["id"], standing, str(refuted or ""), Text(claim["statement"]))
    console.print(table)
    if not all(claim["checked"] for claim in ledger["claims"]):
        console.print("not again: not checked in this run; the sources are those checked before.")
    if ledger["lost"]:
        console.print(Text(f"Weaker than before: {', '.join(ledger['lost'])}", style="bold red"))


def print_claim(console: Console, ledger: Mapping[str, Any], name: str) -> None:
    """One claim, what it assumes, its file, and in a tree all that it rests on.

    A certificate's and Coq's claims may be given without their folder.  Raises ``InputError``
    where no claim has that name.
    """
    import difflib

    from rich.text import Text
    from rich.tree import Tree

    claims = {claim["id"]: claim for claim in ledger["claims"]}
    name = next((n for n in (name, f"certificate/{name}", f"coq/{name}") if n in claims), name)
    if name not in claims:
        near = difflib.get_close_matches(name, claims, n=5, cutoff=0.3)
        raise InputError(
            f"claim: given {name!r}; allowed: a claim of docs/PROOFS.md, such as {', '.join(near)}"
        )

    def branch(claim: Mapping[str, Any], tree: Tree) -> Tree:
        for part in claim["depends_on"]:
            branch(claims[part], tree.add(line(claims[part])))
        return tree

    def line(claim: Mapping[str, Any]) -> Text:
        where = f"  {claim['artefact']}" if claim["artefact"] else ""
        given = "" if claim["id"].startswith("coq/") else "; ".join(claim["hypotheses"])
        given = f"  given: {given}" if given else ""
        return Text.assemble(claim["id"], ": ", (claim["status"], _standing(claim)), where, given)

    claim = claims[name]
    console.print(Text(claim["statement"]))
    weakest = [part for part in _leaves(claims, name) if claims[part]["status"] == claim["status"]]
    if claim["depends_on"]:
        console.print(Text(f"{claim['status']}, because of: {', '.join(weakest)}"))
    for given in claim["hypotheses"]:
        console.print(Text(f"given: {given}"))
    console.print(Text(f"by: {claim['method']}"))
    console.print(branch(claim, Tree(line(claim))))


def _leaves(claims: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    """What a claim rests on in the end, each once."""
    parts = claims[name]["depends_on"]
    found = [leaf for part in parts for leaf in _leaves(claims, part)] if parts else [name]
    return list(dict.fromkeys(found))


def _standing(claim: Mapping[str, Any]) -> str:
    return STYLES[
        {"failed": "bad", "assumed": "open", "tested-only": "open"}.get(claim["status"], "good")
    ]
