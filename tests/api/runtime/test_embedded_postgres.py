"""The embedded server: first start, restart, killed owners, refusals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from api.cannot_start import CannotStart
from api.embedded_postgres import EmbeddedPostgres
from tests.support.waiting import until

OWNER = """
import sys, time
from pathlib import Path
from api.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
print(server.start(), server.pid, flush=True)
time.sleep(600)
"""

OTHER_USER = """
import os, sys
from pathlib import Path
from api.embedded_postgres import EmbeddedPostgres
os.setuid(12345)  # a normal user, with everything imported and nothing else allowed
EmbeddedPostgres(Path(sys.argv[1])).start()
"""


def start_owner(directory: Path) -> tuple["subprocess.Popen[str]", str, int]:
    """A process of its own that starts the server and then waits to be killed."""
    command = [sys.executable, "-c", OWNER, str(directory)]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    dsn, pid = owner.stdout.readline().split()
    return owner, dsn, int(pid)


def kill(owner: "subprocess.Popen[str]") -> None:
    owner.kill()
    owner.wait()
    assert owner.stdout is not None
    owner.stdout.close()


def test_data_survives_a_restart(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as dsn, psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'ÄÖ' AS name")
    with EmbeddedPostgres(tmp_path) as dsn, psycopg.connect(dsn) as connection:
        row = connection.execute("SELECT lower(name) FROM kept").fetchone()
    assert row == ("äö",)


def test_commits_are_durable_and_no_port_is_open(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as dsn, psycopg.connect(dsn) as connection:
        names = ["fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "jit"]
        values = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    assert values == [("on",), ("on",), ("on",), ("",), ("off",)]


def test_server_dies_with_a_killed_owner_and_starts_again(tmp_path: Path) -> None:
    owner, dsn, pid = start_owner(tmp_path)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    kill(owner)
    until(lambda: not Path(f"/proc/{pid}").exists(), what="the end of the server")
    with EmbeddedPostgres(tmp_path) as again, psycopg.connect(again) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_next_start_stops_a_server_still_shutting_down(tmp_path: Path) -> None:
    owner, _, _ = start_owner(tmp_path)
    kill(owner)
    with EmbeddedPostgres(tmp_path) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_server_killed_with_its_owner_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    owner, dsn, pid = start_owner(tmp_path)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(pid, signal.SIGKILL)
    kill(owner)
    # The id in the stale file now belongs to a live process that is not a server.
    stale = tmp_path / "cluster" / "postmaster.pid"
    stale.write_text(stale.read_text().replace(str(pid), str(os.getpid()), 1))
    with EmbeddedPostgres(tmp_path) as again, psycopg.connect(again) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_second_owner_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as dsn:
        with pytest.raises(CannotStart, match="another process is running the database"):
            EmbeddedPostgres(tmp_path).start()
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_data_of_an_unknown_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(CannotStart, match=r"made by Postgres 12, .* has Postgres 16 and 18"):
        EmbeddedPostgres(tmp_path).start()
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_interrupted_creation_is_started_over(tmp_path: Path) -> None:
    (tmp_path / "cluster" / "base").mkdir(parents=True)
    with EmbeddedPostgres(tmp_path) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_long_paths_still_have_a_short_socket_name(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with EmbeddedPostgres(deep) as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        short = Path(connection.info.host)
        assert short.resolve() == deep / "cluster"
    assert not short.parent.exists()


def test_a_server_that_comes_back_has_the_address_it_had(tmp_path: Path) -> None:
    for place in (tmp_path / "short", tmp_path / ("long" * 30)):
        server = EmbeddedPostgres(place)
        first = server.start()
        server.stop()
        assert server.start() == first
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_root_gives_away_the_cluster_and_opens_nothing_above_it(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "pg") as dsn, psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert (closed.stat().st_uid, closed.stat().st_mode & 0o777) == (0, 0o700)
    assert (closed / "pg").stat().st_uid == 0
    assert (closed / "pg" / "cluster").stat().st_uid > 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_data_of_another_user_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "pg"):
        pass
    command = [sys.executable, "-c", OTHER_USER, str(tmp_path / "pg")]
    other = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "CannotStart" in other.stderr, other.stderr
    assert "belongs to another user" in other.stderr
