"""Packs come from a directory or an address, and only whole and unaltered ones are kept."""

import functools
import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from domain.shared.image_refusals import BadModelPack, ModelPackNotFound
from domain.shared.model_features import RoleFeature
from inference.architectures import builder
from inference.packs.pack import read_pack
from inference.pipeline import Pipeline
from ray_cluster.model_packs import (
    KNOWN,
    Gate,
    install_pack,
    known_packs,
    list_packs,
    pull_known_pack,
    pull_pack,
    use_pack,
    verify_pack,
)
from ray_cluster.opening import open_pack

WEIGHTS = b"weights of a network" * 100
UNTRIED = Gate(tried=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "nets").mkdir(parents=True)
    (folder / "nets" / "face net.onnx").write_bytes(WEIGHTS)
    (folder / "pack.toml").write_text(
        '[pack]\nname = "tiny"\nversion = "3"\ndescription = "A test"\n'
        '[roles.emotions]\narchitecture = "SevenEmotions"\nlicence = "MIT"\n'
        'file = "nets/face net.onnx"\n'
        f'sha256 = "{hashlib.sha256(WEIGHTS).hexdigest()}"\n'
    )
    return folder


@pytest.fixture
def address(source: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(source))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/pack.toml"
        server.shutdown()
        thread.join()


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_pack_is_installed_proven_and_chosen(tmp_path: Path, source: Path) -> None:
    models = tmp_path / "models"
    installed = install_pack(models, source / "pack.toml", gate=UNTRIED)
    assert (installed.name, installed.version) == ("tiny", "3")
    assert [(role.role, role.licence) for role in installed.roles] == [("emotions", "MIT")]
    assert verify_pack(models, "tiny") == installed
    assert use_pack(models, "tiny") == installed
    assert [(pack.name, pack.in_use) for pack in list_packs(models)] == [("tiny", True)]
    with pytest.raises(ModelPackNotFound):
        use_pack(models, "other")


def test_files_may_lie_apart_from_their_manifest(tmp_path: Path, source: Path) -> None:
    manifest = (source / "pack.toml").rename(tmp_path / "apart.toml")
    install_pack(tmp_path / "models", manifest, source, gate=UNTRIED)
    assert verify_pack(tmp_path / "models", "tiny").version == "3"


def test_a_pack_is_pulled_from_an_address(tmp_path: Path, source: Path, address: str) -> None:
    models = tmp_path / "models"
    pulled = pull_pack(models, address, sha256_of(source / "pack.toml"), gate=UNTRIED)
    assert pulled == verify_pack(models, "tiny")
    assert (models / "tiny" / "nets" / "face net.onnx").read_bytes() == WEIGHTS


def test_another_manifest_than_promised_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadModelPack, match="its manifest has sha256"):
        pull_pack(tmp_path / "models", address, "0" * 64)
    assert list_packs(tmp_path / "models") == []


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_a_pack_with_a_wrong_file_leaves_nothing_behind(
    tmp_path: Path, source: Path, address: str, damage: str
) -> None:
    weights = source / "nets" / "face net.onnx"
    weights.write_bytes(b"altered") if damage == "altered" else weights.unlink()
    with pytest.raises(BadModelPack):
        pull_pack(tmp_path / "models", address, sha256_of(source / "pack.toml"))
    assert list((tmp_path / "models").iterdir()) == []


def test_known_packs_name_classes_and_secure_addresses_and_are_pulled_like_others(
    tmp_path: Path, source: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert known_packs() == ["opencv-zoo"]
    for manifest in KNOWN.values():
        pack = read_pack(manifest)
        assert all(builder(pack, role) for role in pack.roles)
        assert '\nbase = "https://' in manifest.read_text()
    with pytest.raises(ModelPackNotFound, match="known: opencv-zoo"):
        pull_known_pack(tmp_path / "models", "unknown")

    local = tmp_path / "tiny.toml"
    local.write_text((source / "pack.toml").read_text() + f'[fetch]\nbase = "{address}"\n')
    monkeypatch.setitem(KNOWN, "tiny", local)
    assert pull_known_pack(tmp_path / "models", "tiny", gate=UNTRIED).version == "3"
    assert verify_pack(tmp_path / "models", "tiny").name == "tiny"


def test_a_licence_that_nobody_accepted_is_refused_before_anything_is_fetched(
    tmp_path: Path, source: Path, address: str
) -> None:
    manifest = source / "pack.toml"
    manifest.write_text(manifest.read_text().replace('"MIT"', '"CC-BY-NC-4.0"'))
    (source / "nets" / "face net.onnx").unlink()
    for install in (
        lambda gate: install_pack(tmp_path / "models", manifest, gate=gate),
        lambda gate: pull_pack(tmp_path / "models", address, sha256_of(manifest), gate=gate),
    ):
        with pytest.raises(BadModelPack, match=r"roles\.emotions is under 'CC-BY-NC-4\.0'"):
            install(Gate(tried=False))
        with pytest.raises(BadModelPack, match=r"face( |%20)net\.onnx"):
            install(Gate(frozenset({"CC-BY-NC-4.0"}), tried=False))


def test_a_pack_that_does_not_work_is_not_installed(tmp_path: Path, source: Path) -> None:
    with pytest.raises(BadModelPack, match="emotions"):
        install_pack(tmp_path / "models", source / "pack.toml")
    assert list_packs(tmp_path / "models") == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/pack.toml", "no address", "ftp://x/y"])
def test_an_address_that_does_not_answer_is_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(BadModelPack, match="cannot be fetched"):
        pull_pack(tmp_path / "models", address, "0" * 64)


def test_a_role_of_the_development_set_is_off_until_it_is_named(tmp_path: Path) -> None:
    plain = open_pack(f"dev:{tmp_path}", tmp_path / "packs")
    assert ("ethnicities" in plain.off, "ethnicities" in plain.roles) == (True, False)
    features = {one.role: one for one in Pipeline(plain).features()}
    left = features["ethnicities"]
    assert (left.available, left.model, "GPL" in left.licence) == (False, "ethnicity_gear", True)
    assert features["deepfake"] == RoleFeature("deepfake", available=False)
    assert "ethnicities" in open_pack(f"dev+ethnicities:{tmp_path}", tmp_path / "packs").roles
