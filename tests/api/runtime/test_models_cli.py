"""`selene models`: packs are listed, proven, chosen, installed and fetched from the shell."""

import functools
import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from ray_cluster.opening import open_pack
from tests.support.packs import default_pack


class Shell:
    """Runs the command over a data directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.packs = directory / "packs"
        self._environment = {"SELENE_DATA_DIR": str(directory)}

    def run(self, *arguments: str, **variables: str) -> Result:
        environment = {**self._environment, **variables}
        return CliRunner(env=environment).invoke(app, ["models", *arguments])

    def done(self, *arguments: str) -> str:
        """What is printed by a command that must succeed."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, *arguments: str) -> str:
        """The sentence of a command that must be refused."""
        result = self.run(*arguments)
        assert result.exit_code == 2, result.output
        assert result.stderr.startswith("selene: ")
        return result.stderr

    def listed(self) -> dict[str, tuple[str, bool, str]]:
        """Version, whether it is in use, and problem of each pack."""
        packs = json.loads(self.done("list", "--json"))
        return {p["name"]: (p["version"], p["in_use"], p["problem"]) for p in packs}


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("SELENE_PACK", raising=False)
    return Shell(tmp_path / "var")


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A copy of the default pack under another name."""
    folder = tmp_path / "other"
    shutil.copytree(default_pack().root, folder)
    manifest = (folder / "pack.toml").read_text()
    assert manifest.count('name = "default"') == 1
    (folder / "pack.toml").write_text(manifest.replace('name = "default"', 'name = "other"'))
    return folder


@pytest.fixture
def address(other: Path) -> Iterator[str]:
    """Where the other pack can be fetched."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(other))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/pack.toml"
        server.shutdown()
        thread.join()


def test_the_default_pack_is_listed_before_it_is_made(shell: Shell) -> None:
    assert shell.listed() == {"default": ("", True, "")}
    assert shell.done("list").startswith("* default")
    assert not shell.packs.exists()


def test_a_pack_is_installed_proven_chosen_and_given_up(shell: Shell, other: Path) -> None:
    proven = f"{len(default_pack().roles)} roles, every file proven"
    assert proven in shell.done("install", str(other))
    version = default_pack().version
    assert shell.listed() == {"default": ("", True, ""), "other": (version, False, "")}
    proven = json.loads(shell.done("verify", "other", "--json"))
    assert proven["roles"].keys() == default_pack().roles.keys()
    assert proven["roles"]["face_detector"]["licence"] == "CC0-1.0"
    assert f"works with other {version}" in shell.done("use", "other")
    assert shell.listed()["other"] == (version, True, "")
    assert open_pack("default", shell.packs).name == "other"
    warned = shell.run("use", "other", SELENE_PACK="/somewhere")
    assert (warned.exit_code, "SELENE_PACK is /somewhere" in warned.stderr) == (0, True)

    (shell.packs / "other" / "face_detector.onnx").write_bytes(b"altered")
    assert "face_detector.onnx" in shell.refused("verify", "other")
    (shell.packs / "other" / "pack.toml").write_text("[pack]\n")
    broken = shell.listed()["other"]
    assert broken[:2] == ("", True)
    assert broken[2]


def test_the_default_pack_is_made_when_it_is_asked_for(shell: Shell, other: Path) -> None:
    shell.done("install", str(other / "pack.toml"))
    shell.done("use", "other")
    # Making it takes seconds; the one that all tests share was made by the same code.
    shutil.copytree(default_pack().root, shell.packs / "default")
    assert "default" in shell.done("verify")
    shell.done("use", "default")
    version = default_pack().version
    assert shell.listed() == {"default": (version, True, ""), "other": (version, False, "")}


@pytest.mark.slow
def test_the_default_pack_is_made_from_nothing(shell: Shell) -> None:
    assert f"{len(default_pack().roles)} roles, every file proven" in shell.done("verify")
    assert shell.listed() == {"default": (default_pack().version, True, "")}


def test_a_pack_is_fetched_by_address_and_digest(shell: Shell, other: Path, address: str) -> None:
    assert "--sha256" in shell.refused("pull", address)
    assert "--sha256" in shell.refused("install", address)
    assert "its manifest has sha256" in shell.refused("pull", address, "--sha256", "0" * 64)
    assert "cannot be fetched" in shell.refused("pull", "nowhere", "--sha256", "0" * 64)
    digest = hashlib.sha256((other / "pack.toml").read_bytes()).hexdigest()
    assert "every file proven" in shell.done("install", address, "--sha256", digest)
    assert "every file proven" in shell.done("pull", address, "--sha256", digest)
    assert shell.listed()["other"] == (default_pack().version, False, "")


def test_what_is_not_there_is_refused_in_one_line(shell: Shell, tmp_path: Path) -> None:
    assert "'nobody'" in shell.refused("use", "nobody")
    assert "'nobody'" in shell.refused("verify", "nobody")
    assert "there is no pack.toml" in shell.refused("install", str(tmp_path))
    assert shell.run("use", "nobody", SELENE_PORTS__API="many").stderr.count("\n") == 2
