"""`selene callbacks`: an operator reads what was given up, and has it sent again."""

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from domain.log.port import Delivery
from domain.shared.callbacks import HttpCallback
from projections.database import Reader
from projections.deliveries import accounts_with_due, give_up, write_deliveries
from tests.support.postgres import Databases

URL = "https://example.org/hook"


def test_what_was_given_up_is_listed_and_sent_again(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def selene(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["callbacks", *arguments])

    monkeypatch.setenv("SELENE_DATA_DIR", str(tmp_path))
    with databases.fresh() as dsn:
        monkeypatch.setenv("SELENE_DATABASE_URL", dsn)
        create = ["account", "create", "--login", "ann@here.org", "--password", "pwd"]
        assert CliRunner().invoke(app, create).exit_code == 0
        callback = HttpCallback(type="http", url=URL).as_dict()
        account_id = uuid4()
        waits, lost = (
            Delivery(uuid4(), account_id, uuid4(), "", callback, b"{}") for _ in range(2)
        )
        with psycopg.connect(dsn) as connection:
            write_deliveries(connection, [waits, lost])
        reader = Reader(dsn)
        reader.open()
        give_up(reader, lost.delivery_id, "the answer has status 410")

        (given_up,) = json.loads(selene("list", "--json").stdout)
        (waiting,) = json.loads(selene("list", "--waiting", "--json").stdout)
        text = selene("list").stdout

        assert given_up["delivery_id"] == str(lost.delivery_id)
        assert waiting["delivery_id"] == str(waits.delivery_id)
        assert URL in text
        assert "the answer has status 410" in text
        unknown = selene("retry", str(waits.delivery_id))
        assert (unknown.exit_code, "was given up" in unknown.output) == (2, True)
        assert selene("retry").exit_code == 2
        assert selene("retry", "--all").stdout == "1 to be sent again\n"
        assert json.loads(selene("list", "--json").stdout) == []
        assert accounts_with_due(reader) == [account_id]
        reader.close()
