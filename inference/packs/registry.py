"""The directory in which model packs are installed, and which of them is in use."""

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from domain.shared.image_refusals import BadModelPack, ModelPackExists, ModelPackNotFound
from inference.packs.pack import MANIFEST, ModelPack, read_pack

_IN_USE: Final = "in-use"
Check = Callable[[ModelPack], None]


@dataclass(frozen=True, slots=True)
class InstalledPack:
    """A pack of the registry, whether it is the one in use, and why it cannot be, if so."""

    name: str
    version: str
    description: str
    in_use: bool
    problem: str = ""


class PackRegistry:
    """Packs under one directory, a folder each; the name of the one in use lies beside them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def names(self) -> list[str]:
        """Names of the installed packs, in order."""
        return sorted(path.parent.name for path in self._directory.glob(f"*/{MANIFEST}"))

    def list(self) -> list[InstalledPack]:
        """Every installed pack; one whose manifest is broken is listed with the reason."""
        in_use = self.in_use()
        packs = []
        for name in self.names():
            try:
                pack = self.get(name)
            except BadModelPack as problem:
                packs.append(InstalledPack(name, "", "", name == in_use, str(problem)))
                continue
            found = InstalledPack(name, pack.version, pack.description, name == in_use)
            packs.append(found)
        return packs

    def get(self, name: str) -> ModelPack:
        """The pack of this name; its files are not checked."""
        if name not in self.names():
            raise ModelPackNotFound(name, ", ".join(self.names()) or "none")
        pack = read_pack(self._directory / name / MANIFEST)
        if pack.name != name:
            raise BadModelPack(name, f"its manifest calls it '{pack.name}'")
        return pack

    def verify(self, name: str) -> ModelPack:
        """The pack, after reading every file and comparing its sha256."""
        pack = self.get(name)
        pack.require_sound()
        return pack

    def in_use(self) -> str | None:
        """Name of the pack in use; None when none was chosen."""
        marker = self._directory / _IN_USE
        return marker.read_text().strip() or None if marker.is_file() else None

    def use(self, name: str) -> ModelPack:
        """Choose a pack; one with missing or altered files is refused and changes nothing."""
        pack = self.verify(name)
        with tempfile.NamedTemporaryFile("w", dir=self._directory, delete=False) as file:
            file.write(name + "\n")
        os.replace(file.name, self._directory / _IN_USE)
        return pack

    def install(
        self, manifest: Path, root: Path | None = None, check: Check | None = None
    ) -> ModelPack:
        """Copy a pack into the registry once its files are proven; the same pack twice is once."""
        source = read_pack(manifest, root)
        source.require_sound()

        def copy(target: Path) -> None:
            shutil.copyfile(manifest, target / MANIFEST)
            for path in paths_of(source):
                (target / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source.root / path, target / path)

        return self.add(source, copy, check)

    def add(
        self, pack: ModelPack, fill: Callable[[Path], Any], check: Check | None = None
    ) -> ModelPack:
        """Put a pack in place whose folder `fill` writes; a half-written one never shows.

        `check` sees the pack before it is in place, and refuses it by raising.
        """
        if pack.name in self.names():
            there = self.get(pack.name)
            if there.version != pack.version or there.roles != pack.roles:
                raise ModelPackExists(pack.name, there.version)
            there.require_sound()
            return there
        self._directory.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".building-", dir=self._directory))
        try:
            fill(building)
            written = read_pack(building / MANIFEST)
            written.require_sound()
            if check is not None:
                check(written)
            building.chmod(0o755)
            building.rename(self._directory / pack.name)
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return self.get(pack.name)


def paths_of(pack: ModelPack) -> list[Path]:
    """Paths of the pack's files inside it, each once."""
    return sorted({file.path for spec in pack.roles.values() for file in spec.files.values()})
