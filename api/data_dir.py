"""The data directory: who uses it now, and which version of Selene wrote it."""

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from api.cannot_start import CannotStart

VERSION = 1
"""The layout this program reads and writes; a larger number is a newer layout."""


@contextmanager
def claimed(directory: Path, roles: Iterable[str]) -> Iterator[None]:
    """Hold a data directory for these roles until the block, or the process, ends."""
    with ExitStack() as held:
        try:
            # What lies below are faces: other users of this machine may not look.
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            for role in roles:
                held.enter_context(_locked(directory, role))
            _check_version(directory)
        except OSError as error:
            raise CannotStart(
                f"the data directory {directory} cannot be used: {error.strerror or error}"
            ) from None
        yield


@contextmanager
def _locked(directory: Path, role: str) -> Iterator[None]:
    # Opened without truncation: the file may still be somebody's lock.
    with (directory / f"{role}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"another Selene with the role {role} is using {directory}: "
                "stop it, or choose another SELENE_DATA_DIR"
            ) from None
        yield


def _check_version(directory: Path) -> None:
    path = directory / "version"
    if not path.exists():
        partial = path.with_name("version.new")
        partial.write_text(f"{VERSION}\n")
        partial.replace(path)
        return
    found = path.read_text().strip()
    if not found.isdigit():
        raise CannotStart(f"{path} does not hold a version number: is {directory} Selene's?")
    if int(found) > VERSION:
        raise CannotStart(
            f"{directory} was written by a newer Selene (data version {found}, this one knows "
            f"{VERSION}): start the newer one; nothing was changed"
        )
