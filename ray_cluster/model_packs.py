"""Installed model packs: what the command line lists, proves, chooses, installs and fetches."""

import hashlib
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urljoin

import httpx

from domain.shared.image_refusals import BadModelPack, ModelPackNotFound
from domain.shared.model_features import RoleFeature
from inference.packs.pack import MANIFEST, OPENCV_ZOO, ModelPack, parse_pack, read_pack
from inference.packs.registry import InstalledPack, PackRegistry, paths_of
from inference.self_test import self_test
from inference.timing import role_times
from ray_cluster.opening import open_pack

__all__ = [
    "Gate",
    "InstalledPack",
    "PackSummary",
    "install_pack",
    "known_packs",
    "list_packs",
    "pull_known_pack",
    "pull_pack",
    "time_pack",
    "use_pack",
    "verify_pack",
]

KNOWN: Final = {"opencv-zoo": OPENCV_ZOO}
"""Manifests of the product, each with the official address of its files."""

FREE_LICENCES: Final = frozenset(
    {
        *("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "Zlib"),
        *("CC0-1.0", "CC-BY-4.0", "Unlicense"),
    }
)
"""Licences (SPDX) that allow any use, and so are accepted unasked."""

_MAX_MANIFEST: Final = 1 << 20
_MAX_FILE: Final = 4 << 30
_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class PackSummary:
    """A pack that was proven, installed or chosen: its name, version and what fills each role."""

    name: str
    version: str
    roles: tuple[RoleFeature, ...]


def list_packs(directory: Path) -> list[InstalledPack]:
    """Every installed pack; a broken one with the reason."""
    return PackRegistry(directory).list()


def verify_pack(directory: Path, name: str) -> PackSummary:
    """Read every file of a pack and compare its sha256; a wrong one is refused by name."""
    return _summary(PackRegistry(directory).verify(name))


def use_pack(directory: Path, name: str) -> PackSummary:
    """Choose the pack that the next start works with, once its files are proven."""
    return _summary(PackRegistry(directory).use(name))


@dataclass(frozen=True, slots=True)
class Gate:
    """What a pack must pass before it is installed, beside the checksums of its files.

    `licences` are accepted in addition to the free ones; `tried` says whether every role is run
    on a drawn face.
    """

    licences: frozenset[str] = frozenset()
    tried: bool = True

    def check_licences(self, pack: ModelPack) -> None:
        """Refuse roles under a licence that nobody accepted; roles left off do not count."""
        for role, spec in pack.roles.items():
            if spec.licence not in FREE_LICENCES | self.licences:
                said = f"roles.{role} is under '{spec.licence}', which nobody accepted"
                raise BadModelPack(pack.name, said)

    def check(self, pack: ModelPack) -> None:
        """Refuse a pack whose roles do not work."""
        if self.tried:
            self_test(pack)


STRICT: Final = Gate()


def install_pack(
    directory: Path, manifest: Path, files: Path | None = None, *, gate: Gate = STRICT
) -> PackSummary:
    """Copy a pack from its manifest, and from `files` when they do not lie beside it."""
    gate.check_licences(read_pack(manifest, files))
    return _summary(PackRegistry(directory).install(manifest, files, gate.check))


def known_packs() -> list[str]:
    """Names of the packs that can be fetched without giving an address."""
    return sorted(KNOWN)


def pull_known_pack(directory: Path, name: str, *, gate: Gate = STRICT) -> PackSummary:
    """Fetch a pack whose manifest and addresses are part of the product."""
    if name not in KNOWN:
        raise ModelPackNotFound(name, ", ".join(known_packs()))
    manifest = KNOWN[name].read_bytes()
    base = str(_document(name, manifest)["fetch"]["base"])
    return _pull(directory, name, manifest, base, gate)


def pull_pack(directory: Path, address: str, sha256: str, *, gate: Gate = STRICT) -> PackSummary:
    """Fetch a pack: its manifest from an address, its files from beside the manifest.

    The caller states the manifest's sha256; the manifest states every file's.
    """
    with _client() as client:
        manifest = _fetch_manifest(client, address, sha256)
    return _pull(directory, address, manifest, address, gate)


def _pull(directory: Path, label: str, manifest: bytes, base: str, gate: Gate) -> PackSummary:
    """Install a pack from its manifest and the addresses of its files, below `base`.

    Nothing is fetched under a licence that nobody accepted, and nothing installed before every
    file fits its sha256 and every role works.
    """
    pack = parse_pack(_document(label, manifest), directory)
    gate.check_licences(pack)

    def fill(target: Path) -> None:
        (target / MANIFEST).write_bytes(manifest)
        with _client() as client:
            for path in paths_of(pack):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                _fetch(client, pack.name, urljoin(base, quote(path.as_posix())), target / path)

    return _summary(PackRegistry(directory).add(pack, fill, gate.check))


def _client() -> httpx.Client:
    return httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True)


def _document(address: str, manifest: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(manifest.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise BadModelPack(address, str(problem)) from None


def _fetch_manifest(client: httpx.Client, address: str, sha256: str) -> bytes:
    content = b""
    try:
        with client.stream("GET", address) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _MAX_MANIFEST:
                    raise BadModelPack(address, f"its manifest exceeds {_MAX_MANIFEST} bytes")
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise BadModelPack(address, f"cannot be fetched: {problem}") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sha256.lower():
        raise BadModelPack(address, f"its manifest has sha256 {found}, not {sha256}")
    return content


def _fetch(client: httpx.Client, pack: str, address: str, target: Path) -> None:
    """One file, up to a size and to what the disk holds; its sha256 is proven afterwards."""
    room = min(_MAX_FILE, shutil.disk_usage(target.parent).free - (64 << 20))
    size = 0
    try:
        with client.stream("GET", address) as answer, target.open("wb") as file:
            answer.raise_for_status()
            for chunk in answer.iter_bytes(1 << 20):
                size += len(chunk)
                if size > room:
                    raise BadModelPack(pack, f"{address} exceeds {room} bytes")
                file.write(chunk)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise BadModelPack(pack, f"{address} cannot be fetched: {problem}") from None


def _summary(pack: ModelPack) -> PackSummary:
    return PackSummary(pack.name, pack.version, tuple(_features(pack)))


def _features(pack: ModelPack) -> Sequence[RoleFeature]:
    return [
        RoleFeature(
            role=role,
            available=True,
            model=pack.ref(role).model,
            architecture=spec.architecture,
            licence=spec.licence,
            pack=pack.name,
            version=pack.version,
            sha256=pack.ref(role).sha256,
        )
        for role, spec in pack.roles.items()
    ]


def time_pack(name: str, packs: Path) -> dict[str, float]:
    """Milliseconds by role of a pack's models: one image or face on one thread of this machine."""
    return role_times(open_pack(name, packs))
