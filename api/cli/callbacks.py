"""`selene callbacks`: messages to addresses that were not taken, and sending them again."""

import json
from typing import Annotated
from uuid import UUID

import psycopg
import typer
from psycopg.rows import dict_row

from api.cannot_start import CannotStart
from api.cli.database import installation
from projections.deliveries import list_deliveries, send_again

app = typer.Typer(help="Callbacks: those given up or waiting, and again.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(name="list")
def list_command(
    waiting: Annotated[bool, typer.Option(help="Those that wait, not those given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to show.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show messages that were given up, newest first, with the reason."""
    with (
        installation() as (dsn, _),
        psycopg.connect(dsn, row_factory=dict_row) as connection,
    ):
        found = list_deliveries(connection, waiting=waiting, limit=limit)
    if as_json:
        print(json.dumps(found, default=str))
        return
    for one in found:
        tries = f"{one['attempts']} tries"
        print(f"{one['delivery_id']}  {one['create_time']}  {one['url']}  {tries}: {one['reason']}")


@app.command()
def retry(
    delivery_id: Annotated[UUID | None, typer.Argument(help="One message.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were given up.")] = False,
) -> None:
    """Have messages that were given up sent again by the running services."""
    if every == (delivery_id is not None):
        raise typer.BadParameter("name a message, or say --all")
    with installation() as (dsn, _), psycopg.connect(dsn) as connection:
        count = send_again(connection, delivery_id)
        if not count and delivery_id is not None:
            raise CannotStart(f"no message {delivery_id} was given up")
    print(f"{count} to be sent again")
