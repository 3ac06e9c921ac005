"""A private Postgres server under a chosen directory, living as long as this process."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

import psycopg

from api.cannot_start import CannotStart
from api.postgres_binaries import ServerUser, die_with_parent, installed, reachable

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
"""What the server is started with; no TCP, and only the owner reaches its socket."""

_SUPERUSER = DATABASE = "selene"
_SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes, and libpq adds the file name
_SOCKET_NAME = "/.s.PGSQL.5432"
_LOG_LIMIT = 8 << 20
_START_SECONDS = 600.0  # after a power cut it reads its log first; its death is noticed at once
_STOP_SECONDS = 30.0


class EmbeddedPostgres:
    """One server: `data_dir` holds its cluster, its log and the lock of the process using it.

    As root the server runs as an unprivileged user that owns the cluster directory alone:
    it is entered before the change of user, so directories above it may stay closed.
    """

    def __init__(self, data_dir: Path, settings: Mapping[str, str] | None = None) -> None:
        self._dir = data_dir.absolute()
        self._cluster = self._dir / "cluster"
        self._settings = {**SETTINGS, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._short_dir: Path | None = None

    @property
    def log_path(self) -> Path:
        """The file the server writes its messages to."""
        return self._dir / "server.log"

    @property
    def pid(self) -> int | None:
        """The server's process id, None when it is not running."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def start(self) -> str:
        """Create the cluster if there is none, start the server, and give its address."""
        try:
            self._dir.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            _stop_orphans(self._cluster)
            user = ServerUser.owning(self._cluster)
            bin_dir = reachable(self._programs(), user)
            if not (self._cluster / "PG_VERSION").exists():
                self._create(bin_dir, user)
            self._launch(bin_dir, user)
            return self._wait_until_ready()
        except PermissionError as error:
            self.stop()
            raise CannotStart(
                f"the database in {self._dir} belongs to another user ({error.strerror}): "
                "start Selene as that user, or choose another SELENE_DATA_DIR"
            ) from None
        except BaseException:  # also an interrupt: no server is left behind
            self.stop()
            raise

    def stop(self) -> None:
        """End all sessions, write a checkpoint and exit; harmless when not running."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(_STOP_SECONDS)
        if self._short_dir is not None:
            shutil.rmtree(self._short_dir, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def _take_lock(self) -> None:
        lock = (self._dir / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise CannotStart(
                f"another process is running the database in {self._dir}: "
                "stop it, or choose another SELENE_DATA_DIR"
            ) from None
        self._lock = lock

    def _programs(self) -> Path:
        servers = installed()
        version_file = self._cluster / "PG_VERSION"
        if not version_file.exists():
            return servers[max(servers)]
        major = version_file.read_text().strip()
        if not major.isdigit() or int(major) not in servers:
            known = " and ".join(str(version) for version in sorted(servers))
            raise CannotStart(
                f"the database in {self._dir} was made by Postgres {major}, and this installation "
                f"has Postgres {known}: use the Selene it was made with, or move the data over "
                "with pg_dump; it was left as it is"
            )
        return servers[int(major)]

    def _create(self, bin_dir: Path, user: ServerUser) -> None:
        # Made beside its place and moved there whole: what a killed initdb left is never used.
        made_in = self._dir / "cluster.new"
        for unfinished in (made_in, self._cluster):
            shutil.rmtree(unfinished, ignore_errors=True)
        made_in.mkdir(mode=0o700)
        user.own(made_in)
        home = made_in if user.uid is None else "/proc/self/cwd"
        command = [
            str(bin_dir / "initdb"), f"--pgdata={home}", f"--username={_SUPERUSER}",
            "--auth=trust", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        if self._settings["fsync"] == "off":
            command.append("--no-sync")
        made = subprocess.run(
            command, cwd=made_in, capture_output=True, text=True,
            preexec_fn=die_with_parent(signal.SIGTERM), **user.popen_options(),
        )  # fmt: skip
        if made.returncode != 0:
            shutil.rmtree(made_in, ignore_errors=True)
            raise CannotStart(f"Postgres could not create {self._cluster}: {made.stderr.strip()}")
        made_in.rename(self._cluster)

    def _launch(self, bin_dir: Path, user: ServerUser) -> None:
        if self.log_path.exists() and self.log_path.stat().st_size > _LOG_LIMIT:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        options = [part for pair in self._settings.items() for part in ("-c", "=".join(pair))]
        started = threading.Event()
        failures: list[OSError] = []

        def keep() -> None:
            # The kernel ties the server to the thread that starts it, so it gets its own.
            try:
                with self.log_path.open("ab") as log:
                    self._process = process = subprocess.Popen(
                        [str(bin_dir / "postgres"), "-D", self._home(user), *options],
                        cwd=self._cluster, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                        start_new_session=True,  # Ctrl-C is for us, who then stop the server
                        preexec_fn=die_with_parent(signal.SIGINT), **user.popen_options(),
                    )  # fmt: skip
            except OSError as failure:
                failures.append(failure)
                return
            finally:
                started.set()
            process.wait()

        threading.Thread(target=keep, name="embedded-postgres", daemon=True).start()
        started.wait()
        if failures:
            raise CannotStart(f"Postgres cannot be started: {failures[0]}")

    def _wait_until_ready(self) -> str:
        host = self._client_dir()
        last = time.monotonic() + _START_SECONDS
        while time.monotonic() < last:
            if self.pid is None:
                tail = self.log_path.read_text(errors="replace").splitlines()[-5:]
                raise CannotStart("Postgres stopped while starting:\n" + "\n".join(tail))
            try:
                _create_database(_dsn(host, "postgres"))
                return _dsn(host, DATABASE)
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise CannotStart(f"Postgres did not answer in {_START_SECONDS:.0f} s: see {self.log_path}")

    def _client_dir(self) -> Path:
        """A name of the cluster directory short enough for a socket address.

        It stays the same after a stop, so that clients find the server again.
        """
        if len(os.fsencode(self._cluster)) + len(_SOCKET_NAME) <= _SOCKET_PATH_LIMIT:
            return self._cluster
        if self._short_dir is None:
            self._short_dir = Path(tempfile.mkdtemp(prefix="selene-"))
        else:
            self._short_dir.mkdir(mode=0o700)
        (self._short_dir / "db").symlink_to(self._cluster)
        return self._short_dir / "db"

    def _home(self, user: ServerUser) -> str:
        return str(self._cluster) if user.uid is None else "/proc/self/cwd"


def _dsn(host: Path, database: str) -> str:
    return f"postgresql:///{database}?host={quote(str(host), safe='')}&port=5432&user={_SUPERUSER}"


def _create_database(admin_dsn: str) -> None:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        found = admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            admin.execute(f"CREATE DATABASE {DATABASE}")


def _stop_orphans(cluster: Path) -> None:
    """End what a killed owner left running on this cluster; we hold its lock."""
    for stop_signal, seconds in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 10.0), (None, 5.0)):
        pids = list(_processes_in(cluster))
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, stop_signal or signal.SIGKILL)
        last = time.monotonic() + seconds
        while pids and time.monotonic() < last:
            time.sleep(0.02)
            pids = list(_processes_in(cluster))
        if not pids:
            break
    else:
        raise CannotStart(f"processes {pids} still use the database in {cluster}: end them")
    if sys.platform == "linux":
        # Its process id may belong to someone else by now, which Postgres takes for a live server.
        for stale in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (cluster / stale).unlink(missing_ok=True)


def _processes_in(cluster: Path) -> Iterator[int]:
    """Every server process of a cluster: all of them have it as working directory."""
    if not cluster.is_dir():
        return
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_server = (entry / "comm").read_text().startswith("postgres")
            if is_server and (entry / "cwd").samefile(cluster):
                yield int(entry.name)
