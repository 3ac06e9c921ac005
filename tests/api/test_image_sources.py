"""Archives and directories give their images, and nothing else; S3 requests are signed rightly."""

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.workers.tasks import sources, zip_source
from api.workers.tasks.disk_source import DiskFolder
from api.workers.tasks.s3_source import signature
from api.workers.tasks.zip_source import ZipArchive
from domain.estimator_task import DiskSource, ImageOfSourceRefused, S3Source, SourceRefused
from domain.shared.image_refusals import TooManyBytes

LARGEST = 1000
Pack = Callable[[zipfile.ZipFile], Any]


def archive(tmp_path: Path, pack: Pack, password: str | None = None) -> ZipArchive:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        pack(file)
    return ZipArchive(path, password, LARGEST)


def test_an_archive_gives_its_files_in_order_without_hidden_ones(tmp_path: Path) -> None:
    files = {"b/2.jpg": b"two", "a.jpg": b"one", "ü.png": b"three"}
    others = {"__MACOSX/a.jpg": b"", ".hidden": b"", "b/.DS_Store": b"", "empty/": b""}

    def pack(file: zipfile.ZipFile) -> None:
        for name, data in {**files, **others}.items():
            file.writestr(name, data)

    source = archive(tmp_path, pack)
    assert source.names() == ["a.jpg", "b/2.jpg", "ü.png"]
    assert source.read(["b/2.jpg", "a.jpg"]) == [b"two", b"one"]
    assert source.origin("a.jpg") is None
    source.close()


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/passwd", "a/../../b.jpg"])
def test_a_name_that_leads_out_is_refused_alone(tmp_path: Path, name: str) -> None:
    def pack(file: zipfile.ZipFile) -> None:
        file.writestr(name, b"x")
        file.writestr("good.jpg", b"y")

    source = archive(tmp_path, pack)
    bad, good = source.read([next(n for n in source.names() if n != "good.jpg"), "good.jpg"])
    assert isinstance(bad, ImageOfSourceRefused)
    assert good == b"y"
    source.close()


def test_an_image_that_is_too_large_is_refused_alone(tmp_path: Path) -> None:
    source = archive(tmp_path, lambda file: file.writestr("a.bmp", bytes(LARGEST + 1)))
    (refusal,) = source.read(["a.bmp"])
    assert isinstance(refusal, TooManyBytes)
    source.close()


def test_an_image_that_lies_about_its_size_gives_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.bmp", bytes(LARGEST * 50))
    true, claimed = struct.pack("<L", LARGEST * 50), struct.pack("<L", 10)
    path.write_bytes(path.read_bytes().replace(true, claimed))
    source = ZipArchive(path, None, LARGEST)
    (got,) = source.read(["a.bmp"])
    assert isinstance(got, ImageOfSourceRefused)
    source.close()


def test_a_bomb_is_refused_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_source, "_SMALL", 1 << 16)
    with pytest.raises(SourceRefused, match="unpacks to"):
        archive(tmp_path, lambda file: file.writestr("a.bmp", bytes(3 << 20)))
    with pytest.raises(SourceRefused, match="directory is too large"):
        archive(tmp_path, lambda file: [file.writestr(f"{n}.bmp", b"") for n in range(2000)])


def test_too_many_images_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST_IMAGES", 3)
    source = archive(tmp_path, lambda file: [file.writestr(f"{n}.bmp", b"") for n in range(4)])
    with pytest.raises(SourceRefused, match="more than 3 images"):
        source.names()
    source.close()


def encrypted(name: str, data: bytes, password: bytes) -> bytes:
    """An archive with one entry under the classic encryption, which `zipfile` only reads."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def crc(value: int, byte: int) -> int:
        return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF

    def update(byte: int) -> None:
        keys[0] = crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = crc(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    check = zlib.crc32(data) & 0xFFFFFFFF
    sealed = bytearray()
    for byte in [*bytes(11), check >> 24, *data]:
        mixed = (keys[2] | 2) & 0xFFFF
        sealed.append(byte ^ (((mixed * (mixed ^ 1)) >> 8) & 0xFF))
        update(byte)
    sizes = struct.pack("<LLLHH", check, len(sealed), len(data), len(name), 0)
    head = struct.pack("<HHHHH", 20, 1, 0, 0, 33)
    local = b"PK\x03\x04" + head + sizes + name.encode() + sealed
    central = b"PK\x01\x02\x14\x00" + head + sizes + bytes(14) + name.encode()
    end = struct.pack("<HHHHLLH", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end


@pytest.mark.parametrize(
    ("password", "reason"),
    [("123456", None), ("12345", "password is wrong"), (None, "no password is given")],
)
def test_a_password_opens_an_archive(
    tmp_path: Path, password: str | None, reason: str | None
) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(encrypted("a.jpg", b"pixels", b"123456"))
    source = ZipArchive(path, password, LARGEST)
    (got,) = source.read(["a.jpg"])
    assert got == b"pixels" if reason is None else reason in str(got), repr(got)
    source.close()


@given(st.binary(max_size=200))
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a", b"b")
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"selene-{os.getpid()}.zip"
    try:
        for broken in (data, buffer.getvalue()[:-22] + data):
            path.write_bytes(broken)
            with pytest.raises(SourceRefused):
                ZipArchive(path, None, LARGEST)
    finally:
        path.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A released directory, and files beside it that are not."""
    root = tmp_path / "released"
    (root / "day" / "hour").mkdir(parents=True)
    (root / "a.jpg").write_bytes(b"a")
    (root / "day" / "b.jpg").write_bytes(b"b")
    (root / "day" / "hour" / "c.jpg").write_bytes(b"c" * (LARGEST + 1))
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "up").symlink_to(tmp_path)
    return root


def folder(path: str, released: Path, **more: Any) -> DiskFolder:
    given = {"source_type": "network_disk", "path": path, **more}
    return DiskFolder(DiskSource.model_validate(given), [released], LARGEST)


@pytest.mark.parametrize(
    ("path", "more", "names"),
    [
        (".", {}, ["a.jpg", "day/b.jpg", "day/hour/c.jpg", "link.jpg"]),
        ("", {"recursive": 0}, None),
        (".", {"recursive": 0}, ["a.jpg", "link.jpg"]),
        ("day", {}, ["b.jpg", "hour/c.jpg"]),
        (".", {"prefix": "day/"}, ["day/b.jpg", "day/hour/c.jpg"]),
        (".", {"prefix": "day/", "recursive": 0}, ["day/b.jpg"]),
        (".", {"prefix": "a"}, ["a.jpg"]),
    ],
)
def test_a_directory_gives_its_files(
    disk: Path, path: str, more: dict[str, Any], names: list[str] | None
) -> None:
    if names is None:
        with pytest.raises(ValueError, match="path"):
            folder(path, disk, **more)
        return
    assert folder(path, disk, **more).names() == names


def test_links_lead_nowhere(disk: Path) -> None:
    linked, large, good = folder(".", disk).read(["link.jpg", "day/hour/c.jpg", "a.jpg"])
    assert isinstance(linked, ImageOfSourceRefused)
    assert isinstance(large, TooManyBytes)
    assert good == b"a"
    (up,) = folder(".", disk).read(["up/secret.jpg"])
    assert isinstance(up, ImageOfSourceRefused)


@pytest.mark.parametrize("path", ["..", "/", "/etc", "up", "day/../..", "nothing", "a.jpg", "a\0"])
def test_only_released_directories_are_read(disk: Path, path: str) -> None:
    with pytest.raises((SourceRefused, ValueError)):
        folder(path, disk)


def test_signatures_are_those_of_amazon() -> None:
    auth = pytest.importorskip("botocore.auth")
    request, keys = pytest.importorskip("botocore.awsrequest"), "botocore.credentials"
    credentials = pytest.importorskip(keys).Credentials("public", "secret/key+")
    source = S3Source.model_validate(
        {
            "source_type": "s3",
            "bucket": "pictures",
            "region": "eu-west-3",
            "authorization": {"public_key": "public", "secret_key": "secret/key+"},
        }
    )
    for url in (
        "https://s3.example.com/pictures/a%20b/%C3%BC.jpg",
        "http://127.0.0.1:9000/pictures?list-type=2&prefix=a%2Fb",
    ):
        asked = request.AWSRequest("GET", url, headers={"Host": urlsplit(url).netloc})
        auth.S3SigV4Auth(credentials, "s3", "eu-west-3").add_auth(asked)
        now = datetime.strptime(asked.context["timestamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        ours = signature(source, url, now)
        assert ours["x-amz-content-sha256"] == asked.headers["X-Amz-Content-SHA256"]
        assert ours["authorization"] == asked.headers["Authorization"]
