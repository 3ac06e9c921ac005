"""`selene log`: the event log, read by people."""

import contextlib
import json
from collections.abc import Iterable
from typing import Annotated, Any
from uuid import UUID

import orjson
import psycopg
import typer
from rich.console import Console
from rich.table import Table as Grid

from api.cannot_start import CannotStart
from api.cli.database import installation
from api.settings import HIDDEN
from domain.log.facts import Fact
from domain.log.sealing import MasterKey
from domain.log.topics import event_classes
from projections.log_reader import LogReader
from projections.tail import Tail

app = typer.Typer(help="The event log: follow it, or show one history.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]

_HEAD = ("originator_id", "originator_version", "timestamp", "originator_topic")
_SECRET = frozenset({"password_hash"})
_LONGEST = 120


@app.command()
def tail(
    last: Annotated[int, typer.Option("--last", "-n", min=0, help="Begin so far back.")] = 10,
    follow: Annotated[bool, typer.Option(help="Wait for what comes, until Ctrl-C.")] = True,
    only: Annotated[
        list[str] | None, typer.Option(help="Only topics that begin so, such as face.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print facts as they are committed."""
    with installation() as (dsn, master), contextlib.suppress(KeyboardInterrupt):
        classes = [c for topic, c in event_classes().items() if topic.startswith(_any(only))]
        if not classes:
            raise CannotStart(f"no topic begins with {' or '.join(only or ())}")
        with psycopg.connect(dsn) as connection:
            head = LogReader(master).head(connection)
        following = Tail(dsn, master, max(0, head - last), of=classes)
        try:
            while follow or following.position < head:
                _print(following.next().facts, as_json)
        finally:
            following.close()


@app.command()
def show(
    aggregate_id: Annotated[UUID, typer.Argument(help="A face, a list, an event, ...")],
    as_json: AsJson = False,
) -> None:
    """Print the history of one aggregate, with personal fields while their key exists."""
    with installation() as (dsn, master):
        facts = _history(dsn, master, aggregate_id)
        if not facts:
            raise CannotStart(f"the log says nothing about {aggregate_id}")
    if as_json:
        _print(facts, as_json)
        return
    grid = Grid(title=str(aggregate_id))
    for heading in ("version", "position", "time", "event", "fields", "request"):
        grid.add_column(heading, overflow="fold")  # an id that is cut off is no use
    for fact in facts:
        fields = "\n".join(f"{name} = {_short(value)}" for name, value in _fields(fact).items())
        grid.add_row(
            str(fact.event.originator_version),
            str(fact.position),
            f"{fact.time:%Y-%m-%d %H:%M:%S}",
            fact.event.TOPIC,
            fields,
            fact.request_id,
        )
    Console(markup=False, highlight=False).print(grid)


def _history(dsn: str, master: MasterKey, aggregate_id: UUID) -> list[Fact]:
    with psycopg.connect(dsn) as connection:
        return LogReader(master).history_of(connection, aggregate_id)


def _any(only: list[str] | None) -> tuple[str, ...]:
    return tuple(only) if only else ("",)


def _print(facts: Iterable[Fact], as_json: bool) -> None:
    for fact in facts:
        event = fact.event
        if as_json:
            line: dict[str, Any] = {
                "position": fact.position,
                "topic": event.TOPIC,
                "originator_id": event.originator_id,
                "version": event.originator_version,
                "time": fact.time,
                "request_id": fact.request_id,
                "fields": _fields(fact),
            }
            print(orjson.dumps(line, option=orjson.OPT_NON_STR_KEYS).decode(), flush=True)
        else:
            said = " ".join(f"{name}={_short(value)}" for name, value in _fields(fact).items())
            print(
                f"{fact.position:>8} {fact.time:%H:%M:%S} {event.TOPIC:<24} "
                f"{event.originator_id} {said}",
                flush=True,
            )


def _fields(fact: Fact) -> dict[str, Any]:
    said = {name: value for name, value in vars(fact.event).items() if name not in _HEAD}
    return {n: HIDDEN if n in _SECRET and v is not None else v for n, v in said.items()}


def _short(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False) if value is not None else "-"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"
