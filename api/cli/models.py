"""`selene models`: the model packs of this installation."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from api.cannot_start import CannotStart
from api.cli.calibrate import calibrate_command
from api.settings import Settings
from domain.shared.image_refusals import BadModelPack, ModelPackExists, ModelPackNotFound
from domain.shared.model_features import RoleFeature
from ray_cluster.model_packs import (
    Gate,
    InstalledPack,
    PackSummary,
    install_pack,
    known_packs,
    list_packs,
    pull_known_pack,
    pull_pack,
    time_pack,
    use_pack,
    verify_pack,
)
from ray_cluster.opening import DEFAULT, make_default_pack

app = typer.Typer(
    help="Model packs: list, verify, use, install, pull, time, calibrate.", no_args_is_help=True
)
app.command(name="calibrate")(calibrate_command)

REFUSED: Final = 2
"""The exit status of a command that was refused with a reason."""

_DIGEST: Final = 12
Name = Annotated[str, typer.Argument(help="Name of an installed pack.")]
Sha256 = Annotated[str, typer.Option(help="The sha256 that the pack.toml behind a URL must have.")]
Licences = Annotated[
    list[str] | None,
    typer.Option(help="A licence to accept beside the free ones, as the pack writes it."),
]
Untested = Annotated[bool, typer.Option("--untested", help="Do not run the roles first.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(name="list")
def show_list(as_json: AsJson = False) -> None:
    """List the packs, and which of them the next start works with."""
    with _refusals() as directory:
        packs = _with_default(list_packs(directory))
        if as_json:
            keys = ("name", "version", "description", "in_use", "problem")
            print(json.dumps([{key: getattr(pack, key) for key in keys} for pack in packs]))
            return
        for pack in packs:
            mark = "*" if pack.in_use else " "
            said = f"broken: {pack.problem}" if pack.problem else pack.description
            print(f"{mark} {pack.name:20} {pack.version or '-':10} {said}")


@app.command()
def verify(name: Name = DEFAULT, as_json: AsJson = False) -> None:
    """Read every file of a pack and compare its sha256."""
    with _refusals() as directory:
        _ensure(name, directory)
        _print(verify_pack(directory, name), as_json)


@app.command()
def use(name: Name) -> None:
    """Choose the pack that the next start works with, once its files are proven."""
    with _refusals() as directory:
        _ensure(name, directory)
        summary = use_pack(directory, name)
        print(f"the next start works with {summary.name} {summary.version}")
        pack = Settings.load().pack
        if pack != DEFAULT:
            print(f"selene: SELENE_PACK is {pack}, and wins over this choice", file=sys.stderr)


@app.command(name="time")
def show_times(
    name: Annotated[str, typer.Argument(help="A pack by name, or dev:DIRECTORY.")] = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Measure what each role takes here: one image or face, milliseconds of one thread."""
    with _refusals() as directory:
        times = {role: round(ms, 2) for role, ms in time_pack(name, directory).items()}
        if as_json:
            print(json.dumps(times))
            return
        for role, ms in times.items():
            print(f"{role:18} {ms:8.2f} ms")


@app.command()
def install(
    source: Annotated[
        str, typer.Argument(help="A pack.toml, a directory with one, or the URL of one.")
    ],
    files: Annotated[
        Path | None, typer.Option(help="Where the files lie, if not beside the manifest.")
    ] = None,
    sha256: Sha256 = "",
    accept_licence: Licences = None,
    untested: Untested = False,
    as_json: AsJson = False,
) -> None:
    """Copy a pack into this installation, once its files are proven and every role works."""
    gate = Gate(frozenset(accept_licence or ()), tried=not untested)
    with _refusals() as directory:
        if source.startswith(("http://", "https://")):
            _print(pull_pack(directory, source, _promised(source, sha256), gate=gate), as_json)
            return
        manifest = Path(source)
        found = manifest / "pack.toml" if manifest.is_dir() else manifest
        if not found.is_file():
            raise BadModelPack(source, "there is no pack.toml")
        _print(install_pack(directory, found, files, gate=gate), as_json)


@app.command()
def pull(
    source: Annotated[
        str, typer.Argument(help=f"The URL of a pack.toml, or one of: {', '.join(known_packs())}.")
    ],
    sha256: Sha256 = "",
    accept_licence: Licences = None,
    untested: Untested = False,
    as_json: AsJson = False,
) -> None:
    """Fetch a pack: its manifest, and the files that the manifest names, each proven."""
    gate = Gate(frozenset(accept_licence or ()), tried=not untested)
    with _refusals() as directory:
        if source in known_packs():
            _print(pull_known_pack(directory, source, gate=gate), as_json)
            return
        _print(pull_pack(directory, source, _promised(source, sha256), gate=gate), as_json)


def _promised(source: str, sha256: str) -> str:
    if not sha256:
        raise BadModelPack(source, "say with --sha256 which pack.toml is expected there")
    return sha256


def _with_default(packs: list[InstalledPack]) -> list[InstalledPack]:
    """The packs with the default one among them, which may not have been made yet."""
    if any(pack.name == DEFAULT for pack in packs):
        chosen = any(pack.in_use for pack in packs)
        return packs if chosen else [_chosen(pack) for pack in packs]
    said = "made from a Python package at the first start"
    return [
        InstalledPack(DEFAULT, "", said, not any(pack.in_use for pack in packs)),
        *packs,
    ]


def _chosen(pack: InstalledPack) -> InstalledPack:
    in_use = pack.name == DEFAULT
    return InstalledPack(pack.name, pack.version, pack.description, in_use, pack.problem)


def _ensure(name: str, directory: Path) -> None:
    """Make the default pack if it is asked for before it was made."""
    if name == DEFAULT and not any(pack.name == DEFAULT for pack in list_packs(directory)):
        make_default_pack(directory)


def _print(summary: PackSummary, as_json: bool) -> None:
    if as_json:
        roles = {feature.role: feature.as_dict() for feature in summary.roles}
        print(json.dumps({"name": summary.name, "version": summary.version, "roles": roles}))
        return
    print(f"{summary.name} {summary.version}: {len(summary.roles)} roles, every file proven")
    for feature in summary.roles:
        print(_line(feature))


def _line(feature: RoleFeature) -> str:
    return f"  {feature.role:18} {feature.sha256[:_DIGEST]} {feature.licence:14} {feature.model}"


@contextmanager
def _refusals() -> Iterator[Path]:
    """The directory of packs; what is refused inside is said in a line and an exit status."""
    try:
        yield Settings.load().data_dir / "packs"
    except (CannotStart, BadModelPack, ModelPackExists, ModelPackNotFound) as reason:
        print(f"selene: {reason}", file=sys.stderr)
        raise typer.Exit(REFUSED) from None
