"""Images of a ZIP archive, read one by one and never written to a path of its own naming."""

import io
import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from api.workers.tasks.sources import in_order, is_image_name
from domain.estimator_task import ImageOfSourceRefused, SourceRefused
from domain.shared.image_refusals import TooManyBytes
from domain.shared.refusal import Refusal

MOST_ARCHIVE_BYTES: Final = 2 << 30
MOST_UNPACKED_BYTES: Final = 16 << 30
# Photos hardly shrink; what shrinks to a two-hundredth is there to fill memory.
MOST_RATIO: Final = 200
_SMALL: Final = 64 << 20
_ENCRYPTED: Final = 0x1
_BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,  # what zipfile says of compressions that it does not know
    ValueError,
    RuntimeError,
)


class _Careful(io.FileIO):
    """A file of which no huge piece is read at once: a directory that large is an attack."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to so many bytes."""
        left = os.fstat(self.fileno()).st_size - self.tell()
        if (left if size is None or size < 0 else min(size, left)) > _SMALL:
            raise zipfile.BadZipFile("its directory is too large")
        return super().read(size)


class ZipArchive:
    """The images of an archive in a file; each is read when it is asked for."""

    def __init__(self, path: Path, password: str | None, largest_image: int) -> None:
        self._largest = largest_image
        self._password = None if password is None else password.encode()
        self._file = _Careful(path)
        try:
            archive = zipfile.ZipFile(self._file)
            entries = archive.infolist()
        except _BROKEN as broken:
            self._file.close()
            raise SourceRefused(f"it is no ZIP archive: {broken}") from None
        self._archive = archive
        self._entries = {
            one.filename: one for one in entries if not one.is_dir() and is_image_name(one.filename)
        }
        unpacked = sum(one.file_size for one in entries)
        if unpacked > min(MOST_UNPACKED_BYTES, path.stat().st_size * MOST_RATIO + _SMALL):
            self.close()
            raise SourceRefused(f"it unpacks to {unpacked} bytes")

    def names(self) -> list[str]:
        """The name of every entry that may be an image."""
        return in_order(list(self._entries))

    def read(self, names: Sequence[str]) -> list[bytes | Refusal]:
        """The bytes of some entries, or why they cannot be read."""
        return [self._read(name) for name in names]

    def origin(self, name: str) -> str | None:
        """Entries have no address."""
        return None

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()
        self._file.close()

    def _read(self, name: str) -> bytes | Refusal:
        entry = self._entries[name]
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/"):
            return ImageOfSourceRefused(name, "its name leads out of the archive")
        if entry.file_size > self._largest:
            return TooManyBytes(entry.file_size, self._largest)
        if entry.flag_bits & _ENCRYPTED and self._password is None:
            return ImageOfSourceRefused(name, "it is encrypted, and no password is given")
        try:
            with self._archive.open(entry, pwd=self._password) as file:
                data = file.read(self._largest + 1)
        except _BROKEN as broken:
            encrypted = bool(entry.flag_bits & _ENCRYPTED)
            return ImageOfSourceRefused(name, _reason(broken, encrypted))
        return data if len(data) <= self._largest else TooManyBytes(len(data), self._largest)


def _reason(broken: Exception, encrypted: bool) -> str:
    if isinstance(broken, NotImplementedError):
        return "its kind of compression or encryption is not known"
    return "the password is wrong, or it is damaged" if encrypted else "it is damaged"
