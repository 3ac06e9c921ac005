"""The `selene` command."""

import json
import os
import sys
from importlib.metadata import version as installed_version
from typing import Annotated, get_args

import structlog
import typer

from api import logs
from api.bootstrap import build
from api.cannot_start import CannotStart
from api.cli import accounts, callbacks, cluster, log, models, read_models
from api.serve import run
from api.settings import ROLES, Role, Settings, unknown_variables

app = typer.Typer(
    name="selene",
    help="Event-sourced face recognition and video analytics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

app.add_typer(models.app, name="models")
app.add_typer(log.app, name="log")
app.add_typer(accounts.app, name="account")
app.add_typer(callbacks.app, name="callbacks")
app.add_typer(cluster.app, name="cluster")
app.command(name="rebuild")(read_models.rebuild_command)
app.command(name="verify")(read_models.verify_command)

REFUSED = 2
"""The exit status of a start that was refused with a reason."""


@app.command()
def serve(
    roles: Annotated[
        list[str] | None,
        typer.Argument(help=f"What this process does: all, or any of {', '.join(ROLES)}."),
    ] = None,
    ray: Annotated[
        str | None, typer.Option(help="Work on a Ray cluster: HOST:PORT, auto or local.")
    ] = None,
) -> None:
    """Run the services until Ctrl-C; with SELENE_DATABASE_URL unset, Postgres as well."""
    try:
        settings = Settings.load()
        if roles:
            settings = settings.model_copy(update={"roles": _roles(roles)})
        if ray:
            settings = settings.model_copy(update={"ray_address": ray})
        logs.configure(settings)
        for sentence in unknown_variables(os.environ):
            structlog.stdlib.get_logger(__name__).warning(sentence)
        status = run(settings, build)
    except CannotStart as reason:
        print(f"selene: {reason}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
    raise typer.Exit(status)


@app.command(name="settings")
def show_settings() -> None:
    """Print the settings in force as JSON, with secrets hidden."""
    try:
        print(json.dumps(Settings.load().public(), indent=2))
    except CannotStart as reason:
        print(f"selene: {reason}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None


@app.command()
def version() -> None:
    """Print the version of this program."""
    print(installed_version("selene"))


def _roles(named: list[str]) -> tuple[Role, ...]:
    if "all" in named:
        return ROLES
    unknown = sorted(set(named) - set(get_args(Role)))
    if unknown:
        raise CannotStart(f"no role is called {unknown[0]}: choose of all, {', '.join(ROLES)}")
    return tuple(role for role in ROLES if role in named)


if __name__ == "__main__":
    app()
