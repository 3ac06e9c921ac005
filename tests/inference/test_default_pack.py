"""The default pack: made whole or not at all, made once, and computing what dlib computes."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from domain.shared.geometry import Box
from domain.shared.image_refusals import BadModelPack
from inference.packs.default_pack import NAME, PACKAGE, SOURCES, build, package_files
from inference.packs.pack import MANIFEST, read_pack, sha256_of
from tests.inference.pictures import noise
from tests.support.packs import default_pack, default_pipeline


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the built pack that a test may change."""
    return Path(shutil.copytree(default_pack().root, tmp_path / "packs" / NAME))


def package_in(directory: Path, *names: str) -> Path:
    """A package directory with some of dlib's files, as links."""
    models = directory / PACKAGE / "models"
    models.mkdir(parents=True)
    (directory / PACKAGE / "__init__.py").touch()
    for name in names:
        (models / name).symlink_to(package_files() / name)
    return models


def changed(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in directory.iterdir()}


def test_the_pack_is_sound_and_says_where_each_file_comes_from() -> None:
    pack = default_pack()

    pack.require_sound()
    assert {"face_detector", "landmarks5", "face_descriptor"} <= set(pack.roles)
    assert all(spec.licence for spec in pack.roles.values())
    manifest = (pack.root / MANIFEST).read_text()
    assert all(source.name in manifest and source.sha256 in manifest for source in SOURCES)


def test_the_68_landmarks_are_neither_in_the_pack_nor_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_in(tmp_path, *(source.name for source in SOURCES))
    monkeypatch.syspath_prepend(tmp_path)

    target = build(tmp_path / "packs" / NAME)

    assert {path.name for path in target.iterdir()} == {
        MANIFEST,
        *(source.target for source in SOURCES),
    }
    # The same files give the same pack, byte for byte, wherever and whenever it is made.
    for path in target.iterdir():
        assert sha256_of(path) == sha256_of(default_pack().root / path.name), path.name


def test_a_sound_pack_is_left_alone(copy: Path) -> None:
    before = changed(copy)

    assert build(copy) == copy
    assert changed(copy) == before


def test_a_damaged_pack_is_made_again(copy: Path) -> None:
    (copy / "face_detector.onnx").write_bytes(b"damaged")

    build(copy)

    read_pack(copy / MANIFEST).require_sound()


@pytest.mark.parametrize("old", ["converter = 1", "least_side = 960"])
def test_a_pack_of_another_version_of_this_code_is_made_again(copy: Path, old: str) -> None:
    manifest = copy / MANIFEST
    current = manifest.read_text()
    assert old in current
    manifest.write_text(current.replace(old, old + "0"))

    build(copy)

    assert manifest.read_text() == current


@pytest.mark.parametrize("data", [b"", b"\x01\x01 not dlib's"])
def test_unknown_files_are_refused_and_change_nothing(
    copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    models = package_in(tmp_path, *(source.name for source in SOURCES[1:]))
    (models / SOURCES[0].name).write_bytes(data)
    monkeypatch.syspath_prepend(tmp_path)
    (copy / "landmarks5.npz").unlink()
    before = changed(copy)

    with pytest.raises(BadModelPack, match=SOURCES[0].name):
        build(copy)

    assert changed(copy) == before
    assert [path.name for path in copy.parent.iterdir() if path.is_dir()] == [NAME]


def test_a_missing_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(BadModelPack, match="not installed"):
        build(tmp_path / "packs" / NAME)

    assert not (tmp_path / "packs" / NAME).exists()


def test_two_builders_at_once_make_one_pack(tmp_path: Path) -> None:
    target = tmp_path / "packs" / NAME

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(build, [target, target])) == [target, target]

    read_pack(target / MANIFEST).require_sound()
    assert {path.name for path in target.parent.iterdir()} == {NAME, f".{NAME}.lock"}


def test_similarity_one_half_stands_for_one_false_match_in_a_thousand() -> None:
    calibration = default_pack().role("face_descriptor").calibration

    assert calibration is not None
    assert calibration.similarity(0.930) == pytest.approx(0.5, abs=0.06)
    assert calibration.similarity(0.957) == pytest.approx(0.9, abs=0.03)


def test_descriptors_are_finite_repeatable_and_independent_of_the_batch() -> None:
    model = default_pipeline().loaded.model("face_descriptor")
    warps = [noise(250, 250, seed) for seed in range(11)]

    together = model(warps)

    assert together.shape == (11, 128)
    assert np.isfinite(together).all()
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(together, model(warps))
    alone = np.concatenate([model([warp]) for warp in warps])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    assert model([]).shape == (0, 128)


def test_the_detector_scores_alike_alone_and_in_a_batch() -> None:
    session = default_pipeline().loaded.session("face_detector", "")
    images = np.random.default_rng(1).uniform(0, 255, (3, 3, 120, 200)).astype(np.float32)

    (together,) = session(images).values()

    assert together.shape[:2] == (3, 1)
    assert np.isfinite(together).all()
    for image, scores in zip(images, together, strict=True):
        (alone,) = session(image[None]).values()
        np.testing.assert_allclose(scores, alone[0], atol=1e-4)


def test_landmarks_are_finite_repeatable_and_independent_of_the_batch() -> None:
    model = default_pipeline().loaded.model("landmarks5")
    image = noise(200, 150)
    boxes = [Box(10, 20, 80, 80), Box(-30, -10, 60, 60), Box(150, 100, 90, 90)]

    together = model(image, boxes)

    assert np.isfinite(together).all()
    np.testing.assert_array_equal(together, model(image, boxes))
    for box, points in zip(boxes, together, strict=True):
        np.testing.assert_allclose(points, model(image, [box])[0], atol=1e-4)
    assert model(image, []) == []
