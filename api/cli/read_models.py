"""`selene rebuild` and `selene verify`: read models made anew, or compared with the log."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.cannot_start import CannotStart
from api.cli.database import installation
from api.match_index import DIRECTORY, PURPOSE
from api.settings import Settings
from api.workers.index_checks import ServiceVerdict, ask_services
from api.workers.index_running import RunningVerdict
from api.workers.index_verification import IndexVerdict, verify_index
from domain.log.sealing import MasterKey
from projections.rebuild import CannotRebuild, rebuild
from projections.rebuild import Progress as Tell
from projections.table import Table
from projections.tables import CATCH_UP, INLINE
from projections.verify import verify
from ray_cluster.opening import open_local_matching, open_local_models

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


def verify_command(
    names: Names = None,
    as_json: AsJson = False,
    index: Annotated[bool, typer.Option("--index", help="Compare match indexes instead.")] = False,
) -> None:
    """Compare read models with what the log says; exit status 1 if any row differs.

    With --index, the match indexes of all running services are compared with them, on a Ray
    cluster what its shards hold; and so is the index as it was saved and the log goes on.
    """
    if index:
        if names:
            raise typer.BadParameter("--index takes no read models")
        _verify_index(as_json)
        return
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


def _verify_index(as_json: bool) -> None:
    # What is logged is no part of the output.
    with installation() as (dsn, master), redirect_stdout(sys.stderr):
        running = ask_services(dsn)
        verdict = asyncio.run(_verdict(Settings.load(), dsn, master))
    if as_json:
        said = asdict(verdict) | {"running": [asdict(service) for service in running]}
        print(json.dumps(said, default=str))
    else:
        for service in running:
            _print_running(service)
        source = "saved index" if verdict.saved else "index made from the whole log"
        _print_verdict(source, verdict)
    differ = (service.verdict is None or service.verdict.differences for service in running)
    if verdict.differences or any(differ):
        raise typer.Exit(DIFFERENT)


def _print_running(service: ServiceVerdict) -> None:
    name = f"index of {service.process}"
    if service.verdict is None:
        print(f"{name}: not compared, {service.problem}")
        return
    _print_verdict(name, service.verdict)
    if not service.verdict.counted:
        print("  what it may hold beside could not be counted: the log never stood still")


def _print_verdict(name: str, verdict: IndexVerdict | RunningVerdict) -> None:
    same = "as the read models say"
    said = f"{verdict.differences} differ" if verdict.differences else same
    print(f"{name}: {verdict.descriptors} descriptors at position {verdict.position}, {said}")
    for example in verdict.examples:
        print(f"  {example.candidate_id}  {example.what}")


async def _verdict(settings: Settings, dsn: str, master: MasterKey) -> IndexVerdict:
    models = open_local_models(
        settings.pack,
        settings.data_dir / "packs",
        largest_image=settings.limits.image_bytes,
        most_pixels=settings.limits.image_pixels,
    )
    features = models.descriptors()
    key = master.derive(PURPOSE)
    matching = open_local_matching(features, settings.data_dir / DIRECTORY, key, only_read=True)
    try:
        return await asyncio.to_thread(verify_index, dsn, master, matching, features)
    finally:
        await matching.close()
        await models.close()


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
