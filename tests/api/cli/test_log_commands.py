"""`selene log`, `rebuild`, `verify` and `account`: on a database, and beside running services."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from argon2 import PasswordHasher
from typer.testing import CliRunner, Result

from api.cli.main import app
from tests.support.postgres import Databases
from tests.support.service import Service
from tests.support.shared import ROOT

Selene = Callable[..., Result]


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    with databases.fresh() as made:
        yield made


@pytest.fixture
def selene(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Selene:
    """Runs the command on a database of the test's own."""
    monkeypatch.setenv("SELENE_DATABASE_URL", dsn)
    monkeypatch.setenv("SELENE_DATA_DIR", str(tmp_path))
    return lambda *arguments, **more: CliRunner().invoke(app, [*arguments], **more)


def ann(selene: Selene, **more: str) -> UUID:
    options = [part for name, value in more.items() for part in (f"--{name}", value)]
    made = selene("account", "create", "--login", "ann@here.org", "--password", "pwd", *options)
    assert made.exit_code == 0, made.output
    return UUID(made.stdout.strip())


def test_an_account_is_created_with_its_password_hashed(selene: Selene, dsn: str) -> None:
    wanted = uuid4()

    assert ann(selene, id=str(wanted), type="admin", description="first") == wanted

    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "SELECT account_id, login, account_type, description, password_hash FROM accounts"
        ).fetchone()
    assert row is not None
    assert row[:4] == (wanted, "ann@here.org", "admin", "first")
    assert PasswordHasher().verify(row[4], "pwd")


def test_a_password_is_asked_for_twice(selene: Selene) -> None:
    create = ("account", "create", "--login", "ann@here.org")

    asked = selene(*create, input="pwd\npwd\n")
    differ = selene(*create, input="pwd\nother\npwd\nother\n")

    assert asked.exit_code == 0
    assert "pwd" not in asked.stdout
    assert differ.exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--login", "ann@here.org", "--password", "x"], "with this login exists already"),
        (["--login", "ann", "--password", "x"], "Bad login"),
        (["--login", "bob@here.org", "--password", "x" * 129], "Bad password"),
    ],
)
def test_a_refused_account_leaves_nothing(
    selene: Selene, dsn: str, arguments: list[str], reason: str
) -> None:
    ann(selene)

    refused = selene("account", "create", *arguments)

    assert refused.exit_code == 2
    assert reason in refused.stderr
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT position FROM log_head").fetchone() == (1,)


def test_a_history_is_shown_with_its_personal_fields_and_no_secrets(selene: Selene) -> None:
    account_id = ann(selene)

    shown = selene("log", "show", str(account_id), "--json")
    grid = selene("log", "show", str(account_id), env={"COLUMNS": "200"})

    [line] = [json.loads(line) for line in shown.stdout.splitlines()]
    assert (line["position"], line["version"], line["topic"]) == (1, 1, "account.created")
    assert line["fields"]["login"] == "ann@here.org"
    assert line["fields"]["password_hash"] == "**********"
    assert "account.created" in grid.stdout
    assert 'login = "ann@here.org"' in grid.stdout
    assert "argon2" not in shown.stdout + grid.stdout


def test_the_tail_begins_where_it_is_told_and_shows_what_it_is_told(selene: Selene) -> None:
    for name in ("ann", "bob", "eve"):
        selene("account", "create", "--login", f"{name}@here.org", "--password", "pwd")

    last_two = selene("log", "tail", "--no-follow", "-n", "2")
    none = selene("log", "tail", "--no-follow", "--only", "face.")
    unknown = selene("log", "tail", "--no-follow", "--only", "nonsense")

    assert [name in last_two.stdout for name in ("ann@", "bob@", "eve@")] == [False, True, True]
    assert (none.exit_code, none.stdout) == (0, "")
    assert (unknown.exit_code, unknown.stderr) == (2, "selene: no topic begins with nonsense\n")


def test_what_is_not_there_is_said(selene: Selene) -> None:
    for arguments in (["verify"], ["rebuild", "--all"], ["log", "tail"]):
        refused = selene(*arguments)
        assert refused.exit_code == 2
        assert "there is no installation yet" in refused.stderr
    ann(selene)
    nobody = uuid4()
    for arguments, reason in (
        (["rebuild"], "name the read models to rebuild, or say --all"),
        (["rebuild", "faces", "--all"], "name the read models to rebuild, or say --all"),
        (["rebuild", "nonsense"], "no read model is called nonsense"),
        (["verify", "nonsense"], "no read model is called nonsense"),
        (["log", "show", str(nobody)], f"the log says nothing about {nobody}"),
    ):
        refused = selene(*arguments)
        assert refused.exit_code == 2
        assert reason in refused.stderr


def test_verification_fails_until_the_read_model_is_rebuilt(selene: Selene, dsn: str) -> None:
    account_id = ann(selene)
    assert selene("verify").exit_code == 0
    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE accounts SET description = 'x'")

    different = selene("verify", "accounts", "faces")
    as_json = selene("verify", "accounts", "--json")
    rebuilt = selene("rebuild", "accounts")

    assert different.exit_code == as_json.exit_code == 1
    assert "accounts: 1 rows at position 1, 1 rows differ" in different.stdout
    assert f"  {account_id}  description" in different.stdout
    assert "faces: 0 rows at position 1, as the log says" in different.stdout
    [found] = json.loads(as_json.stdout)
    assert found["examples"] == [{"key": str(account_id), "what": "description"}]
    assert rebuilt.stdout.startswith("accounts: rebuilt up to position 1 in ")
    assert selene("verify").exit_code == 0


@pytest.mark.slow
def test_commands_work_beside_running_services_and_without_them(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 25) / "var"  # longer than the address of a socket may be
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SELENE_")}
    environment["SELENE_DATA_DIR"] = str(data)

    def selene(*arguments: str) -> str:
        command = [sys.executable, "-m", "api.cli.main", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with Service("api.cli.main", data, "serve") as service:
        service.wait_for("Selene is ready")
        account_id = selene(
            "account", "create", "--login", "ann@here.org", "--password", "pwd"
        ).strip()
        headers = {"Luna-Account-Id": account_id}
        with httpx.Client(base_url=service.url(""), headers=headers, timeout=60) as http:
            face_id = http.post("/6/faces", json={"user_data": "Ann"}).json()["face_id"]
            rebuilt = selene("rebuild", "faces")
            assert http.get(f"/6/faces/{face_id}").json()["user_data"] == "Ann"
        assert "faces: rebuilt up to position 2" in rebuilt
        compared = selene("verify", "--index").splitlines()
        assert compared[0].startswith("index of ")
        assert [line.partition(": ")[2] for line in compared] == [
            "0 descriptors at position 2, as the read models say"
        ] * 2
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    assert '"Ann"' in selene("log", "show", face_id)
    assert "faces: 1 rows at position 2, as the log says" in selene("verify")


def test_the_match_index_is_compared_with_the_read_models(selene: Selene, dsn: str) -> None:
    ann(selene)

    same = selene("verify", "--index")
    as_json = selene("verify", "--index", "--json")
    confused = selene("verify", "faces", "--index")

    assert same.exit_code == as_json.exit_code == 0
    said = "index made from the whole log: 0 descriptors at position 1, as the read models say"
    assert said in same.stdout
    assert json.loads(as_json.stdout)["differences"] == 0
    assert confused.exit_code == 2
