"""Every setting of Selene: one frozen object, read from SELENE_* variables and a TOML file."""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import TomlConfigSettingsSource as TomlSource

from api.cannot_start import CannotStart
from api.settings_groups import (
    S3,
    AbsolutePath,
    AgentSettings,
    Index,
    Limits,
    Networks,
    Ports,
    Ray,
)

Role = Literal["api", "projector", "sender", "tasks", "agent"]
ROLES: tuple[Role, ...] = ("api", "projector", "sender", "tasks", "agent")

HIDDEN = "**********"
_PREFIX = "SELENE_"
_NOT_SETTINGS = {"SELENE_CONFIG", "SELENE_SHARED", "SELENE_TEST_DATABASE_URL"}


class Settings(BaseSettings):
    """How this installation runs. Variables win over the file that SELENE_CONFIG names."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", env_ignore_empty=True,
        frozen=True, extra="forbid", hide_input_in_errors=True,
    )  # fmt: skip

    data_dir: AbsolutePath = Field(default=Path("var"), validate_default=True)
    """The directory of the embedded database, local blobs, keys and index snapshots."""

    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 opens the services to the network."""

    ports: Ports = Ports()
    roles: tuple[Role, ...] = ROLES
    """What this process does; the arguments of `selene serve` replace it."""

    database_url: SecretStr | None = None
    """A Postgres >= 15 to use in place of the embedded one."""

    redis_url: SecretStr | None = None
    """A Redis to carry live messages between processes; Postgres does so without it."""

    ray_address: str | None = None
    """A Ray cluster to work on: HOST:PORT, `auto`, or `local` for one of this process's own."""

    ray: Ray = Ray()

    blobs: str | None = None
    """Where pixels go: a directory (default: under data_dir) or s3://bucket/prefix."""

    s3: S3 = S3()
    pack: str = "default"
    """The model pack: `default` or a directory with a pack.toml."""

    master_key_file: Path | None = None
    """The key that wraps subjects' keys (default: master.key under data_dir)."""

    networks: Networks = Networks()
    limits: Limits = Limits()
    index: Index = Index()
    """The match index; with snapshot_seconds 0 every start loads it from the database, and
    memory_bytes replaces memory_share of the machine's memory."""
    allowed_private_urls: tuple[str, ...] = ()
    """Hosts, host:port pairs or networks that user-given URLs may name although private."""

    network_disks: tuple[AbsolutePath, ...] = ()
    """Directories of which estimator tasks may read images, wherever they are mounted."""

    task_threads: Annotated[int, Field(ge=1, le=16)] = 2
    """How many parts of tasks this process works on at a time."""

    agent: AgentSettings = AgentSettings()
    attribute_sweep_s: Annotated[float, Field(gt=0)] = 60.0
    """How often the room of expired temporary attributes is given back."""

    stream_silence_s: Annotated[float, Field(gt=0)] = 60.0
    """How long a stream's worker may say nothing until another one gets the stream."""

    auth: Literal["header", "credentials"] = "header"
    """`header` trusts Luna-Account-Id alone; `credentials` demands a login or a token."""

    cors_origins: frozenset[str] = frozenset()
    """Origins of web pages that may call the services; `*` is any."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"
    drain_seconds: Annotated[int, Field(ge=0)] = 10
    """How long running requests may take to end when the service is stopped."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then the file."""
        sources = (init_settings, env_settings)
        if named := os.environ.get("SELENE_CONFIG"):
            if not Path(named).is_file():
                raise CannotStart(f"SELENE_CONFIG names {named}, and there is no such file")
            return (*sources, TomlSource(settings_cls, named))
        return sources

    @property
    def api_origin(self) -> str:
        """Where the API of this installation is asked from this machine."""
        return self.agent.api or self._origin(self.ports.api)

    @property
    def streams_origin(self) -> str:
        """Where the streams service is asked from this machine."""
        return self.agent.service or self._origin(self.ports.streams)

    @property
    def agent_roots(self) -> tuple[Path, ...]:
        """The directories whose files and folders streams may name."""
        return self.agent.roots or (self.data_dir / "videos",)

    def _origin(self, port: int) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @model_validator(mode="after")
    def _urls_are_readable(self) -> Self:
        try:
            _without_passwords(self)
        except (ValueError, ProgrammingError):
            raise ValueError("database_url or redis_url is not a readable address") from None
        if self.blobs is not None and "://" in self.blobs and not self.blobs.startswith("s3://"):
            raise ValueError("blobs must be a directory or begin with s3://")
        if not self.roles:
            raise ValueError("roles must name at least one role")
        return self

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Read the settings; a CannotStart names every field that is wrong, and no value."""
        try:
            return cls(**given)
        except ValidationError as error:
            lines = [f"{_variable(e['loc'])}: {e['msg']}" for e in error.errors()]
            raise CannotStart("the settings are wrong\n" + "\n".join(lines)) from None
        except (
            ValueError
        ) as error:  # the file is not TOML, or a variable is not the JSON it must be
            raise CannotStart(f"the settings cannot be read: {error}") from None

    def public(self) -> dict[str, Any]:
        """All settings as JSON values, with secrets hidden."""
        return {**self.model_dump(mode="json"), **_without_passwords(self)}


def unknown_variables(environment: Mapping[str, str]) -> Iterable[str]:
    """A sentence for each SELENE_ variable that is no setting, with the likely meaning."""
    fields = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(environment):
        known = name.split("__")[0] in fields or name in _NOT_SETTINGS
        if name.startswith(_PREFIX) and not known:
            near = difflib.get_close_matches(name, fields, n=1)
            yield f"{name} is no setting" + (f"; did you mean {near[0]}?" if near else "")


def _variable(location: tuple[int | str, ...]) -> str:
    return _PREFIX + "__".join(str(part) for part in location).upper() if location else "settings"


def _without_passwords(settings: Settings) -> dict[str, str | None]:
    database = redis = None
    if settings.database_url is not None:
        parts = conninfo_to_dict(settings.database_url.get_secret_value())
        secret = {"password": HIDDEN} if "password" in parts else {}
        database = make_conninfo("", **{**parts, **secret})
    if settings.redis_url is not None:
        url = urlsplit(settings.redis_url.get_secret_value())
        if url.scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("no Redis address")
        user = f"{HIDDEN}@" if "@" in url.netloc else ""
        redis = urlunsplit((url.scheme, user + url.netloc.rpartition("@")[2], url.path, "", ""))
    return {"database_url": database, "redis_url": redis}
