"""`selene rebuild` and `selene verify`: read models made anew, or compared with the log."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.cannot_start import CannotStart
from api.cli.database import installation
from projections.rebuild import CannotRebuild, rebuild
from projections.rebuild import Progress as Tell
from projections.table import Table
from projections.tables import CATCH_UP, INLINE
from projections.verify import verify

DIFFERENT = 1
"""The exit status of a verification that found differences."""

_TABLES = {table.name: table for table in (*INLINE, *CATCH_UP)}
_BEHIND = {table.name for table in CATCH_UP}

Names = Annotated[
    list[str] | None, typer.Argument(help=f"Read models: any of {', '.join(_TABLES)}.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def rebuild_command(
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="Rebuild every read model.")] = False,
) -> None:
    """Make read models anew from the log, while they are served."""
    with installation() as (dsn, master):
        if every == bool(names):
            raise CannotStart("name the read models to rebuild, or say --all")
        with _bars() as tell:
            for table in _chosen(names):
                try:
                    done = rebuild(dsn, table, master, tell)
                except CannotRebuild as reason:
                    raise CannotStart(str(reason)) from None
                print(
                    f"{done.name}: rebuilt up to position {done.position} in {done.seconds:.1f} s; "
                    f"the log stood still for {done.pause_s * 1000:.1f} ms"
                )


def verify_command(names: Names = None, as_json: AsJson = False) -> None:
    """Compare read models with what the log says; exit status 1 if any row differs."""
    with installation() as (dsn, master), _bars() as tell:
        found = [
            verify(dsn, table, master, behind=table.name in _BEHIND, progress=tell)
            for table in _chosen(names)
        ]
    if as_json:
        print(json.dumps([asdict(one) for one in found], default=str))
    for one in () if as_json else found:
        verdict = f"{one.differences} rows differ" if one.differences else "as the log says"
        print(f"{one.name}: {one.rows} rows at position {one.position}, {verdict}")
        for example in one.examples:
            print(f"  {example.key}  {example.what}")
    if any(one.differences for one in found):
        raise typer.Exit(DIFFERENT)


def _chosen(names: list[str] | None) -> list[Table]:
    if unknown := sorted(set(names or ()) - _TABLES.keys()):
        raise CannotStart(f"no read model is called {unknown[0]}: there are {', '.join(_TABLES)}")
    return [_TABLES[name] for name in names or _TABLES]


@contextmanager
def _bars() -> Iterator[Tell]:
    """Progress bars on the terminal, one for each table; nothing where there is none."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    tasks = {}
    with bars:

        def tell(name: str, position: int, head: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name)
            bars.update(tasks[name], completed=position, total=head)

        yield tell
