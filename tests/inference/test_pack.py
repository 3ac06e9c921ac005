"""A model pack says what it is, proves its files, and is installed and chosen as a whole."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.image_refusals import (
    BadModelPack,
    ModelPackExists,
    ModelPackNotFound,
    NoModelForRole,
)
from domain.shared.similarity import Calibration
from inference.architectures import ARCHITECTURES, builder
from inference.loaded_pack import LoadedPack
from inference.packs.pack import MANIFEST, ModelPack, parse_pack, read_pack
from inference.packs.registry import PackRegistry
from tests.support.shared import needs_models

ROLE: dict[str, Any] = {"architecture": "FormulaQuality", "licence": "Apache-2.0"}


def write_pack(folder: Path, name: str = "tiny", content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "net.onnx").write_bytes(content)
    (folder / MANIFEST).write_text(
        f'[pack]\nname = "{name}"\nversion = "1"\ndescription = "A test"\n'
        '[roles.emotions]\narchitecture = "SevenEmotions"\nlicence = "MIT"\nfile = "net.onnx"\n'
        f'sha256 = "{hashlib.sha256(content).hexdigest()}"\n'
    )
    return folder / MANIFEST


def document(**role: Any) -> dict[str, Any]:
    head = {"name": "tiny", "version": "1", "description": "A test"}
    return {"pack": head, "roles": {"quality": {**ROLE, **role}}}


@pytest.mark.parametrize(
    ("role", "complaint"),
    [
        ({"architecture": 3}, "roles.quality.architecture must be a text"),
        ({"licence": ""}, "roles.quality.licence must be a text"),
        ({"file": "/etc/passwd", "sha256": "0" * 64}, "file must lie inside the pack"),
        ({"file": "../x.onnx", "sha256": "0" * 64}, "file must lie inside the pack"),
        ({"file": "x.onnx", "sha256": "abc"}, "sha256 must be 64"),
        ({"size": [112]}, "size must be"),
        ({"colour": "hsv"}, "colour must be"),
        ({"mean": [1, 2]}, "mean must be one number or three"),
        ({"version": 70000}, "version must be a whole number"),
        ({"dimension": 0}, "dimension must be a whole number"),
        ({"options": 5}, "options must be a table"),
        ({"off": "yes"}, "roles.quality.off must be true or false"),
        ({"calibration": {"slope": 1}}, "calibration.intercept must be a number"),
        ({"calibration": {"slope": 1, "intercept": 0, "metric": "euclidean"}}, "slope must be"),
        ({"calibration": {"slope": 1, "intercept": 0, "metric": "dice"}}, "metric must be"),
    ],
)
def test_a_wrong_field_is_refused_by_name(role: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BadModelPack, match=complaint):
        parse_pack(document(**role), Path())


def test_a_role_left_off_is_filled_when_it_is_named() -> None:
    left = parse_pack(document(off=True), Path())
    assert (left.roles, left.off.keys()) == ({}, {"quality"})
    with pytest.raises(NoModelForRole):
        left.role("quality")
    assert parse_pack(document(off=True), Path(), on=("quality",)).roles.keys() == {"quality"}
    assert parse_pack(document(off=False), Path()).roles.keys() == {"quality"}


@pytest.mark.parametrize("content", [{}, {"pack": 1}, {"pack": {"name": "A b"}}, {"roles": {}}])
def test_a_manifest_without_its_parts_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(BadModelPack):
        parse_pack(content, Path())


def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(b"\xff\xfe[pack")
    with pytest.raises(BadModelPack):
        read_pack(tmp_path / MANIFEST)
    with pytest.raises(BadModelPack):
        read_pack(tmp_path / "absent.toml")


def test_a_role_without_a_model_is_refused() -> None:
    pack = parse_pack(document(), Path())
    with pytest.raises(NoModelForRole, match="'tiny' has no model for 'liveness'"):
        LoadedPack(pack).model("liveness")


def test_an_unknown_architecture_is_refused_with_the_known_ones() -> None:
    pack = parse_pack(document(architecture="Oracle"), Path())
    with pytest.raises(BadModelPack, match="'Oracle' is not of: FormulaQuality"):
        builder(pack, "quality")


def test_altered_and_missing_files_are_named(tmp_path: Path) -> None:
    pack = read_pack(write_pack(tmp_path / "tiny"))
    assert pack.problems() == []
    (tmp_path / "tiny" / "net.onnx").write_bytes(b"other")
    assert pack.problems() == ["emotions: net.onnx has another sha256 than declared"]
    with pytest.raises(BadModelPack, match="another sha256"):
        LoadedPack(pack).model("emotions")
    (tmp_path / "tiny" / "net.onnx").unlink()
    assert pack.problems() == ["emotions: net.onnx is missing"]


def test_a_file_that_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    pack = read_pack(write_pack(tmp_path / "tiny"))
    with pytest.raises(BadModelPack, match=r"emotions: net.onnx: .*rotobuf"):
        LoadedPack(pack).model("emotions")


def test_packs_are_installed_listed_and_chosen(tmp_path: Path) -> None:
    registry = PackRegistry(tmp_path / "models")
    assert registry.list() == []
    registry.install(write_pack(tmp_path / "a", "first"))
    registry.install(write_pack(tmp_path / "b", "second", b"others"))
    assert registry.in_use() is None

    registry.use("second")

    assert [(pack.name, pack.in_use) for pack in registry.list()] == [
        ("first", False),
        ("second", True),
    ]
    assert registry.verify("first").path("emotions").read_bytes() == b"weights"


def test_the_same_pack_is_installed_once_and_another_of_its_name_refused(tmp_path: Path) -> None:
    registry = PackRegistry(tmp_path / "models")
    manifest = write_pack(tmp_path / "a")
    registry.install(manifest)
    registry.install(manifest)
    with pytest.raises(ModelPackExists, match="installed already as version 1"):
        registry.install(write_pack(tmp_path / "b", content=b"others"))


def test_an_altered_pack_is_not_installed_and_not_chosen(tmp_path: Path) -> None:
    registry = PackRegistry(tmp_path / "models")
    manifest = write_pack(tmp_path / "a")
    (tmp_path / "a" / "net.onnx").write_bytes(b"altered")
    with pytest.raises(BadModelPack):
        registry.install(manifest)
    assert registry.names() == []

    registry.install(write_pack(tmp_path / "b"))
    (tmp_path / "models" / "tiny" / "net.onnx").write_bytes(b"altered")
    with pytest.raises(BadModelPack):
        registry.use("tiny")
    assert registry.in_use() is None


def test_an_unknown_pack_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    registry = PackRegistry(tmp_path / "models")
    registry.install(write_pack(tmp_path / "a"))
    for name in ("other", "../a", ""):
        with pytest.raises(ModelPackNotFound, match="known: tiny"):
            registry.get(name)


def test_a_broken_pack_is_listed_with_the_reason(tmp_path: Path) -> None:
    registry = PackRegistry(tmp_path)
    write_pack(tmp_path / "renamed", "tiny")
    assert "calls it 'tiny'" in registry.list()[0].problem


@given(st.floats(0.5, 40), st.floats(-20, 20), st.floats(0.01, 0.99), st.sampled_from([1.0, -1.0]))
def test_a_calibration_and_its_inverse_agree(
    slope: float, intercept: float, similarity: float, sign: float
) -> None:
    calibration = Calibration(sign * slope, intercept, "cosine" if sign > 0 else "euclidean")
    assert calibration.similarity(calibration.score(similarity)) == pytest.approx(similarity)
    nearer = calibration.score(similarity) + sign * 0.01
    assert calibration.similarity(nearer) > similarity


def test_every_role_of_the_development_pack_has_a_class(development: ModelPack) -> None:
    for role in development.roles:
        assert builder(development, role) is not None
    assert set(development.roles) < set(ARCHITECTURES)


@needs_models
def test_the_development_pack_is_sound_and_its_calibration_follows_the_measured_rates(
    development: ModelPack,
) -> None:
    assert development.problems() == []
    calibration = development.role("face_descriptor").calibration
    assert calibration is not None
    # Cosines at which one impostor pair in 10^2 .. 10^5 passes.
    similarities = [calibration.similarity(cosine) for cosine in (0.240, 0.340, 0.425, 0.504)]
    assert similarities == pytest.approx([0.25, 0.5, 0.75, 0.9], abs=0.025)
