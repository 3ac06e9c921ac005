"""`selene account`: accounts, made where nobody can log in yet."""

import asyncio
from typing import Annotated
from uuid import UUID, uuid4

import typer

from api.cli.database import installation
from commands.accounts import CreateAccount
from commands.router import COMMANDS, UNIQUE
from commands.writer import GroupCommitWriter
from domain.accounts import AccountType, checked_login, hash_password
from projections.history import PostgresLog
from projections.read_model import ReadModel
from projections.tables import INLINE

app = typer.Typer(help="Accounts: create one.", no_args_is_help=True)


@app.callback()
def accounts() -> None:
    """Accounts: create one."""


@app.command()
def create(
    login: Annotated[str, typer.Option(help="An e-mail address.")],
    password: Annotated[
        str,
        typer.Option(
            prompt=True,
            confirmation_prompt=True,
            hide_input=True,
            help="Asked for when it is not given; arguments are seen by others of this machine.",
        ),
    ],
    account_type: Annotated[
        AccountType, typer.Option("--type", help="Whether it sees what others own.")
    ] = AccountType.USER,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    account_id: Annotated[UUID | None, typer.Option("--id", help="Its id; else a new one.")] = None,
) -> None:
    """Make an account and print its id; the services may be running or not."""
    with installation(make=True) as (dsn, master):
        command = CreateAccount(
            account_id=account_id or uuid4(),
            login=checked_login(login),
            password_hash=hash_password(password),
            account_type=account_type,
            description=description,
        )
        log = PostgresLog(dsn, master, [ReadModel(table) for table in INLINE])
        writer = GroupCommitWriter(log, COMMANDS, constraint_refusals=UNIQUE)
        try:
            writer.start()
            print(asyncio.run(writer.send(command)))
        finally:
            writer.stop()
            log.close()
