"""Settings: sources and their order, refusals that name the field, hidden secrets."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.cannot_start import CannotStart
from api.settings import Settings, unknown_variables

SECRET = "hunter2"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SELENE_CONFIG", "SELENE_DATABASE_URL", "SELENE_DATA_DIR", "SELENE_HOST"):
        monkeypatch.delenv(name, raising=False)


def write_config(directory: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = directory / "selene.toml"
    path.write_text(text)
    monkeypatch.setenv("SELENE_CONFIG", str(path))


def test_defaults_are_the_contract_ports_on_this_machine_only(tmp_path: Path) -> None:
    settings = Settings.load()
    assert settings.ports.model_dump() == {
        "api": 5000,
        "streams": 5160,
        "sender": 5080,
        "tracking": 5240,
    }
    assert settings.host == "127.0.0.1"
    assert settings.data_dir == Path.cwd() / "var"


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(tmp_path, monkeypatch, 'host = "10.0.0.1"\n[ports]\napi = 7000\nsender = 7001\n')
    monkeypatch.setenv("SELENE_PORTS__API", "8000")
    settings = Settings.load()
    assert (settings.host, settings.ports.api, settings.ports.sender) == ("10.0.0.1", 8000, 7001)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SELENE_PORTS__API", "70000", "SELENE_PORTS__API"),
        ("SELENE_PORTS__API", "5080", "SELENE_PORTS: .*must be different"),
        ("SELENE_LIMITS__BODY_BYTES", "lots", "SELENE_LIMITS__BODY_BYTES"),
        ("SELENE_AUTH", "none", "SELENE_AUTH"),
        ("SELENE_ROLES", '["cook"]', "SELENE_ROLES__0"),
        ("SELENE_ROLES", "cook", "roles"),
        ("SELENE_BLOBS", "ftp://host/x", "blobs must be"),
        ("SELENE_DATABASE_URL", "postgresql://u:hunter2@h:port x/db", "not a readable address"),
        ("SELENE_REDIS_URL", "http://:hunter2@host", "not a readable address"),
        ("SELENE_CONFIG", "/nowhere/selene.toml", "no such file"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CannotStart, match=said) as refused:
        Settings.load()
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [("colour = 1", "SELENE_COLOUR"), ("[ports]\nweb = 1", "PORTS__WEB"), ("host = ", "read")],
)
def test_a_wrong_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    write_config(tmp_path, monkeypatch, text)
    with pytest.raises(CannotStart, match=said):
        Settings.load()


@pytest.mark.parametrize(
    "database", ["postgresql://me:hunter2@db:5433/x", "host=db password=hunter2 user=me"]
)
def test_public_shows_everything_but_secrets(database: str) -> None:
    settings = Settings.load(
        database_url=database,
        redis_url="redis://:hunter2@cache:6379/1",
        blobs="s3://pixels",
        s3={"access_key_id": "hunter2", "secret_access_key": "hunter2"},
    )
    shown = json.dumps(settings.public())
    assert SECRET not in shown + repr(settings) + str(settings)
    assert "host=db" in settings.public()["database_url"]
    assert settings.public()["redis_url"] == "redis://**********@cache:6379/1"
    assert settings.public()["blobs"] == "s3://pixels"


def test_settings_do_not_change(tmp_path: Path) -> None:
    settings = Settings.load()
    with pytest.raises(ValidationError):
        settings.host = "elsewhere"  # type: ignore[misc]


def test_a_mistyped_variable_is_noticed() -> None:
    environment = {"SELENE_DATABSE_URL": "x", "SELENE_HOST": "y", "SELENE_PORTS__API": "1", "A": ""}
    said = list(unknown_variables(environment))
    assert said == ["SELENE_DATABSE_URL is no setting; did you mean SELENE_DATABASE_URL?"]
