"""One contract for every blob store, and what only a directory or a bucket can get wrong."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.blobs import BlobNotFound, Blobs, BlobStoreFailed, memory_blobs, new_name, open_blobs
from api.cannot_start import CannotStart
from api.settings import Settings
from api.settings_groups import S3
from tests.support.s3_server import s3_server

ACCESS = {"access_key_id": "tester", "secret_access_key": "not-a-secret"}


def s3_settings(endpoint: str, where: str) -> Settings:
    return Settings(blobs=where, s3=S3(endpoint=endpoint, region="us-east-1", **ACCESS))


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with s3_server() as url:
        httpx.put(f"{url}/pixels", timeout=60).raise_for_status()
        yield url


@pytest.fixture(params=["memory", "local", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "memory":
        return memory_blobs()
    if request.param == "local":
        return open_blobs(Settings(data_dir=tmp_path))
    endpoint = request.getfixturevalue("s3_endpoint")
    return open_blobs(s3_settings(endpoint, f"s3://pixels/{tmp_path.name}"))


async def names(blobs: Blobs, prefix: str = "") -> list[str]:
    return sorted([name async for name in blobs.list(prefix)])


async def test_what_is_put_is_what_is_got(blobs: Blobs) -> None:
    data = bytes(range(256)) * 5000
    await blobs.put("samples/one", data)
    assert await blobs.get("samples/one") == data
    assert await blobs.exists("samples/one")


async def test_empty_bytes_are_a_blob(blobs: Blobs) -> None:
    await blobs.put("empty", b"")
    assert await blobs.get("empty") == b""


async def test_the_last_write_wins(blobs: Blobs) -> None:
    await blobs.put("name", b"first and longer")
    await blobs.put("name", b"second")
    assert await blobs.get("name") == b"second"


async def test_an_absent_blob_is_said_to_be_absent(blobs: Blobs) -> None:
    assert not await blobs.exists("nothing")
    with pytest.raises(BlobNotFound):
        await blobs.get("nothing")


async def test_deleting_twice_is_deleting_once(blobs: Blobs) -> None:
    await blobs.put("name", b"data")
    await blobs.delete("name")
    await blobs.delete("name")
    assert not await blobs.exists("name")


async def test_listing_takes_whole_segments(blobs: Blobs) -> None:
    for name in ("a/1", "a/b/2", "ab/3", "c"):
        await blobs.put(name, b"x")
    assert await names(blobs) == ["a/1", "a/b/2", "ab/3", "c"]
    assert await names(blobs, "a") == ["a/1", "a/b/2"]
    assert await names(blobs, "missing") == []


async def test_many_at_once(blobs: Blobs) -> None:
    wanted = {new_name("samples"): str(number).encode() for number in range(40)}
    await asyncio.gather(*(blobs.put(name, data) for name, data in wanted.items()))
    got = await asyncio.gather(*(blobs.get(name) for name in wanted))
    assert dict(zip(wanted, got, strict=True)) == wanted


async def test_the_probe_leaves_nothing(blobs: Blobs) -> None:
    await blobs.check()
    assert await names(blobs) == []


def test_a_thread_without_a_loop_may_use_it(blobs: Blobs) -> None:
    asyncio.run(blobs.put("name", b"data"))
    assert asyncio.run(blobs.get("name")) == b"data"


BAD_NAMES = ["", "/etc/passwd", "../up", "a/../../up", "a//b", "a/", ".hidden", "a/.b", "a\0b"]


@pytest.mark.parametrize("name", [*BAD_NAMES, "a\\b", "a b", "ä", "a\n", "x" * 513])
async def test_names_that_could_escape_are_refused(blobs: Blobs, name: str) -> None:
    for attempt in (blobs.put(name, b"x"), blobs.get(name), blobs.delete(name)):
        with pytest.raises(ValueError, match="no blob name"):
            await attempt


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(alphabet="./~\\%a\0 ", min_size=1, max_size=12))
def test_no_accepted_name_leaves_the_directory(tmp_path: Path, name: str) -> None:
    root = tmp_path / "outer" / "blobs"
    blobs = open_blobs(Settings(data_dir=tmp_path, blobs=str(root)))
    # A file may stand where this name needs a folder: that, too, is refused.
    try:
        asyncio.run(blobs.put(name, b"x"))
    except (ValueError, BlobStoreFailed):
        return
    assert (root / name).resolve().is_relative_to(root.resolve())
    assert [path.name for path in (tmp_path / "outer").iterdir()] == ["blobs"]


async def test_a_write_cut_short_is_not_seen(tmp_path: Path) -> None:
    blobs = open_blobs(Settings(data_dir=tmp_path))
    await blobs.put("a/whole", b"data")
    # What the store leaves when it is killed between writing and renaming.
    (tmp_path / "blobs" / "a" / "torn#1").write_bytes(b"da")
    assert await names(blobs) == ["a/whole"]
    assert not await blobs.exists("a/torn")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CannotStart, match="blob directory"):
        open_blobs(Settings(data_dir=tmp_path))


def test_a_file_in_the_place_of_the_directory_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("")
    with pytest.raises(CannotStart, match="blob directory"):
        open_blobs(Settings(data_dir=tmp_path))


async def test_a_missing_bucket_fails_the_probe(s3_endpoint: str) -> None:
    with pytest.raises(BlobStoreFailed, match="NoSuchBucket"):
        await open_blobs(s3_settings(s3_endpoint, "s3://absent")).check()


def test_random_names_share_only_their_area() -> None:
    made = {new_name("samples/faces") for _ in range(100)}
    assert len(made) == 100
    assert all(name.startswith("samples/faces/") for name in made)
