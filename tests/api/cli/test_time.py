"""`selene models time`: what each role of a pack takes on this machine."""

import json
from pathlib import Path

from typer.testing import CliRunner

from api.cli.main import app
from tests.support.packs import PACKS, default_pack


def test_every_role_is_told_with_its_time(tmp_path: Path) -> None:
    pack = default_pack()
    runner = CliRunner(env={"SELENE_DATA_DIR": str(tmp_path / "var")})
    told = runner.invoke(app, ["models", "time", str(PACKS / pack.name), "--json"])
    assert told.exit_code == 0, told.output
    times = json.loads(told.stdout)
    assert times.keys() == pack.roles.keys()
    assert all(ms >= 0 for ms in times.values())
    assert times["face_detector"] > 0


def test_a_pack_that_is_not_there_is_refused(tmp_path: Path) -> None:
    runner = CliRunner(env={"SELENE_DATA_DIR": str(tmp_path / "var")})
    told = runner.invoke(app, ["models", "time", "nothing"])
    assert told.exit_code == 2
    assert "nothing" in told.stderr
