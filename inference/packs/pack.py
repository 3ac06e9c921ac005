"""Model packs: a directory of networks and the `pack.toml` that says how each is used."""

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, cast

from domain.shared.detections import ModelRef
from domain.shared.image_refusals import BadModelPack, NoModelForRole
from domain.shared.similarity import Calibration

MANIFEST: Final = "pack.toml"
OPENCV_ZOO: Final = Path(__file__).parent / "opencv-zoo.toml"
"""The manifest of a pack of permissive networks that can be fetched."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a role, its path inside the pack and the checksum it must have."""

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """How a pack fills one role: the class that decodes, its files, and the input they expect.

    `files` are by name; a role with one file has it under "". Pixels enter the network as
    (value - mean) * scale, per channel in `colour` order. A role computed by a formula has no
    files. `options` are the decoding class's own (thresholds, crop scale, ...). One call of the
    network takes `max_batch` inputs at the most, and `cpu_batch` on a processor. `accuracy` says
    how well it does on which data, `latency_ms` what one input took its maker on one thread.
    """

    role: str
    architecture: str
    licence: str
    files: Mapping[str, ModelFile] = field(default_factory=dict)
    size: tuple[int, int] | None = None
    colour: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    options: Mapping[str, Any] = field(default_factory=dict)
    calibration: Calibration | None = None
    version: int | None = None
    dimension: int | None = None
    max_batch: int = 8
    cpu_batch: int = 4
    accuracy: str = ""
    latency_ms: float | None = None

    def batch_on(self, provider: str) -> int:
        """How many inputs one call of the network gets there: more are no faster on a processor."""
        on_processor = provider == "CPUExecutionProvider"
        return min(self.cpu_batch, self.max_batch) if on_processor else self.max_batch

    def option(self, name: str, default: float) -> float:
        """A numeric option."""
        return float(self.options.get(name, default))


@dataclass(frozen=True)
class ModelPack:
    """A named, versioned set of networks lying in `root`."""

    name: str
    version: str
    description: str
    root: Path
    roles: Mapping[str, RoleSpec]
    off: Mapping[str, RoleSpec] = field(default_factory=dict)
    """Roles that the manifest could fill and leaves off; whoever reads it may switch them on."""

    def role(self, role: str) -> RoleSpec:
        """How the role is filled; a role without a model is refused."""
        if role not in self.roles:
            raise NoModelForRole(self.name, role)
        return self.roles[role]

    def path(self, role: str, name: str = "") -> Path:
        """Where a file of the role lies."""
        return self.root / self.role(role).files[name].path

    def ref(self, role: str) -> ModelRef:
        """What results made by this role are labelled with."""
        return self._refs[role]

    @cached_property
    def _refs(self) -> dict[str, ModelRef]:
        refs = {}
        for role, spec in {**self.roles, **self.off}.items():
            files = spec.files.values()
            model = "+".join(file.path.stem for file in files) or spec.architecture
            checksums = "+".join(file.sha256 for file in files)
            if len(spec.files) > 1:
                checksums = hashlib.sha256(checksums.encode()).hexdigest()
            refs[role] = ModelRef(self.name, self.version, role, model, checksums)
        return refs

    def problems(self) -> list[str]:
        """What is wrong with the pack's files: missing, or another sha256 than declared."""
        found = []
        for role, spec in self.roles.items():
            for file in spec.files.values():
                path = self.root / file.path
                if not path.is_file():
                    found.append(f"{role}: {file.path} is missing")
                elif sha256_of(path) != file.sha256:
                    found.append(f"{role}: {file.path} has another sha256 than declared")
        return found

    def require_sound(self) -> None:
        """Refuse a pack with missing or altered files."""
        if problems := self.problems():
            raise BadModelPack(self.name, "; ".join(problems))


def read_pack(manifest: Path, root: Path | None = None, *, on: Collection[str] = ()) -> ModelPack:
    """The pack a manifest describes; its files lie in `root`, by default beside the manifest.

    Roles that it leaves `off` are filled when they are named in `on`.
    """
    try:
        document = tomllib.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadModelPack(manifest.name, str(problem)) from None
    return parse_pack(document, root or manifest.parent, on=on)


def parse_pack(document: Mapping[str, Any], root: Path, *, on: Collection[str] = ()) -> ModelPack:
    """The pack of a manifest's content; a wrong field is refused by name."""
    head = document.get("pack")
    name = str(head.get("name", "")) if isinstance(head, Mapping) else ""
    reader = _Reader(name or "?", "pack", head)
    if not _NAME.fullmatch(name):
        reader.refuse("name", "must be lower-case letters, digits, '.', '_' and '-'")
    tables = document.get("roles")
    if not isinstance(tables, Mapping) or not tables:
        raise BadModelPack(name, "it has no [roles.<role>] table")
    readers = {role: _Reader(name, f"roles.{role}", table) for role, table in tables.items()}
    specs = {role: _role(role, reader) for role, reader in readers.items()}
    off = {role for role, reader in readers.items() if reader.flag("off") and role not in on}
    return ModelPack(
        name=name,
        version=reader.text("version"),
        description=reader.text("description"),
        root=root,
        roles={role: spec for role, spec in specs.items() if role not in off},
        off={role: spec for role, spec in specs.items() if role in off},
    )


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Reader:
    """Typed access to one table of a manifest, refusing what does not fit by its full name."""

    def __init__(self, pack: str, where: str, table: Any) -> None:
        self.pack, self.where = pack, where
        if not isinstance(table, Mapping):
            raise BadModelPack(pack, f"[{where}] is missing or not a table")
        self.table: Mapping[str, Any] = table

    def refuse(self, key: str, reason: str) -> None:
        raise BadModelPack(self.pack, f"{self.where}.{key} {reason}")

    def text(self, key: str) -> str:
        value = self.table.get(key)
        if not isinstance(value, str) or not value:
            self.refuse(key, "must be a text")
        return str(value)

    def numbers(self, key: str, default: float) -> tuple[float, ...]:
        value = self.table.get(key, default)
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(v, int | float) for v in values) or len(values) not in (1, 3):
            self.refuse(key, "must be one number or three")
        return tuple(map(float, values))

    def flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.refuse(key, "must be true or false")
        return bool(value)

    def number(self, key: str) -> float:
        value = self.table.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, "must be a number")
        return float(cast(float, value))

    def whole(self, key: str, default: int | None, lowest: int, highest: int) -> int | None:
        value = self.table.get(key, default)
        if value is not None and not (type(value) is int and lowest <= value <= highest):
            self.refuse(key, f"must be a whole number from {lowest} to {highest}")
        return cast("int | None", value)

    def inner(self, key: str) -> "_Reader":
        return _Reader(self.pack, f"{self.where}.{key}", self.table[key])


def _role(role: str, reader: _Reader) -> RoleSpec:
    table = reader.table
    size = table.get("size")
    if size is not None and not (
        isinstance(size, list) and len(size) == 2 and all(type(side) is int for side in size)
    ):
        reader.refuse("size", "must be [width, height]")
    colour = table.get("colour", "rgb")
    if colour not in ("rgb", "bgr"):
        reader.refuse("colour", "must be 'rgb' or 'bgr'")
    options = table.get("options", {})
    if not isinstance(options, Mapping):
        reader.refuse("options", "must be a table")
    return RoleSpec(
        role=role,
        architecture=reader.text("architecture"),
        licence=reader.text("licence"),
        files=_files(reader),
        size=(size[0], size[1]) if size else None,
        colour=colour,
        mean=reader.numbers("mean", 0.0),
        scale=reader.numbers("scale", 1.0),
        options=options,
        calibration=_calibration(reader.inner("calibration")) if "calibration" in table else None,
        version=reader.whole("version", None, 1, 0xFFFF),
        dimension=reader.whole("dimension", None, 1, 4096),
        max_batch=reader.whole("max_batch", 8, 1, 1024) or 8,
        cpu_batch=reader.whole("cpu_batch", 4, 1, 1024) or 4,
        accuracy=reader.text("accuracy") if "accuracy" in table else "",
        latency_ms=reader.number("latency_ms") if "latency_ms" in table else None,
    )


def _files(reader: _Reader) -> dict[str, ModelFile]:
    if "file" in reader.table:
        return {"": _file(reader)}
    if "files" not in reader.table:
        return {}
    several = reader.inner("files")
    return {name: _file(several.inner(name)) for name in several.table}


def _file(reader: _Reader) -> ModelFile:
    path, sha256 = Path(reader.text("file")), reader.text("sha256")
    if path.is_absolute() or ".." in path.parts:
        reader.refuse("file", "must lie inside the pack")
    if not _SHA256.fullmatch(sha256):
        reader.refuse("sha256", "must be 64 lower-case hexadecimal digits")
    return ModelFile(path, sha256)


def _calibration(reader: _Reader) -> Calibration:
    metric = reader.table.get("metric", "cosine")
    if metric not in ("cosine", "euclidean"):
        reader.refuse("metric", "must be 'cosine' or 'euclidean'")
    slope = reader.number("slope")
    if (slope > 0) != (metric == "cosine"):
        reader.refuse("slope", "must be positive for 'cosine', negative for 'euclidean'")
    threshold = reader.number("threshold") if "threshold" in reader.table else 0.9
    return Calibration(slope, reader.number("intercept"), metric, threshold)
