"""The default model pack, made of dlib's public domain networks in a pip package.

`build` converts three of the four files in `face_recognition_models` 0.3.0. The fourth, 68
landmarks, was trained on pictures that exclude commercial use: it is never opened.
"""

import fcntl
import hashlib
import importlib.util
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from domain.shared.image_refusals import BadModelPack
from inference.packs.dlib_format import read_landmark_trees, read_network
from inference.packs.dlib_networks import descriptor_graph, detector_graph
from inference.packs.dlib_reader import MalformedFile
from inference.packs.pack import MANIFEST, read_pack, sha256_of

NAME: Final = "default"
VERSION: Final = "1.1.0"
PACKAGE: Final = "face_recognition_models"
CONVERTER: Final = 1
"""Counts the changes of what this code makes of the same files."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the package, the one release of it that is known, and what is made of it."""

    name: str
    sha256: str
    target: str
    convert: Callable[[bytes, Path], None]


def build(target: Path) -> Path:
    """Make the pack in the directory `target`; one that this code made is left alone.

    The directory is written beside its place and then renamed, so that a pack is there whole or
    not at all; of several processes one builds and the others wait.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(target.parent / f".{target.name}.lock"):
        if _is_current(target):
            return target
        models = package_files()
        for left in target.parent.glob(
            f".{target.name}.building-*"
        ):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.building-", dir=target.parent))
        try:
            _fill(building / "new", models)
            if target.exists():
                target.rename(building / "old")
            (building / "new").rename(target)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return target


def package_files() -> Path:
    """The directory of dlib's files in the installed package, which is not imported.

    Importing it fails where setuptools no longer brings pkg_resources.
    """
    found = importlib.util.find_spec(PACKAGE)
    for place in (found.submodule_search_locations or ()) if found else ():
        if (Path(place) / "models").is_dir():
            return Path(place) / "models"
    raise BadModelPack(NAME, f"the package {PACKAGE} is not installed")


def _fill(directory: Path, models: Path) -> None:
    directory.mkdir()
    for source in SOURCES:
        path = models / source.name
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() != source.sha256:
            raise BadModelPack(NAME, f"{PACKAGE} has no {source.name} of the known release")
        try:
            source.convert(data, directory / source.target)
        except MalformedFile as problem:
            raise BadModelPack(NAME, f"{source.name}: {problem}") from None
    made = {source.target: sha256_of(directory / source.target) for source in SOURCES}
    (directory / MANIFEST).write_text(manifest(made), encoding="utf-8")
    read_pack(directory / MANIFEST).require_sound()


def _is_current(target: Path) -> bool:
    """Whether the manifest there is what this code would write of the files there."""
    try:
        made = {source.target: sha256_of(target / source.target) for source in SOURCES}
        return (target / MANIFEST).read_text(encoding="utf-8") == manifest(made)
    except (OSError, UnicodeDecodeError):
        return False


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _convert_descriptor(data: bytes, path: Path) -> None:
    path.write_bytes(descriptor_graph(read_network(data)).SerializeToString(deterministic=True))


def _convert_detector(data: bytes, path: Path) -> None:
    path.write_bytes(detector_graph(read_network(data)).SerializeToString(deterministic=True))


def _convert_landmarks(data: bytes, path: Path) -> None:
    trees = read_landmark_trees(data)
    np.savez(path, **{name: getattr(trees, name) for name in trees.__slots__})


SOURCES: Final = (
    Source(
        "dlib_face_recognition_resnet_model_v1.dat",
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        "face_descriptor.onnx",
        _convert_descriptor,
    ),
    Source(
        "mmod_human_face_detector.dat",
        "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
        "face_detector.onnx",
        _convert_detector,
    ),
    Source(
        "shape_predictor_5_face_landmarks.dat",
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
        "landmarks5.npz",
        _convert_landmarks,
    ),
)


def manifest(sha256: Mapping[str, str]) -> str:
    """The text of pack.toml, for files with these checksums."""
    origin = "\n".join(f'"{source.name}" = "{source.sha256}"' for source in SOURCES)
    return _MANIFEST.format(
        name=NAME,
        version=VERSION,
        package=PACKAGE,
        converter=CONVERTER,
        origin=origin,
        **{Path(target).stem: checksum for target, checksum in sha256.items()},
    )


_MANIFEST: Final = """\
# The default pack: networks that Davis E. King trained for dlib and gave to the public domain,
# converted from the package {package} (CC0 1.0). The program restores this
# directory when it was changed: for other options, copy it and give the copy another name.
#
# Measured on one core of an AMD EPYC server: detector 210 ms for an image of 640 x 480 (it is
# enlarged to 960), 300 ms for 1280 x 720; landmarks 3 ms for one face, 10 ms for eight;
# descriptor 10 ms for one warp, 53 ms for eight, the landmarks in it included.

[pack]
name = "{name}"
version = "{version}"
description = "dlib's networks (public domain): detector, 5 landmarks and descriptor of faces"

[source]
package = "{package}"
converter = {converter}

[source.files]
{origin}

# Of 184 faces in a labelled set of 127 pictures it finds 133 and nothing else (127 with
# least_side 640 at half the time, 137 with 1280 at twice). Faces that are turned, covered or
# narrower than 75 pixels after scaling are missed.
[roles.face_detector]
architecture = "DlibFaceDetector"
licence = "CC0-1.0"
accuracy = "133 of 184 faces of 127 photos, nothing else"
latency_ms = 305
file = "face_detector.onnx"
sha256 = "{face_detector}"
max_batch = 4

[roles.face_detector.options]
least_side = 960
most_side = 1280
most_enlarged = 3
min_score = 0.0
max_iou = 0.338

[roles.landmarks5]
architecture = "TreeLandmarks"
licence = "CC0-1.0"
accuracy = "not measured apart"
latency_ms = 4.3
file = "landmarks5.npz"
sha256 = "{landmarks5}"

# Compared by cosine, 139 pairs of one person and 5012 pairs of two (102 faces of 46 people) are
# told apart with an equal error rate of 0.6 % (by dlib's Euclidean distance: 0.7 %). One pair of
# two people in 100 reaches a cosine of 0.909, one in 1000 reaches 0.930; then 100 % and 98.6 %
# of the pairs of one person pass. Calibrated as every pack of ours: similarity 0.5 stands for
# one false match in a thousand and each factor of ten for a factor of three in odds, fitted to
# the scores of 1e-2 to 1e-5, the last two (0.945, 0.957) from a normal tail of the angle.
[roles.face_descriptor]
architecture = "DlibFaceDescriptor"
licence = "CC0-1.0"
accuracy = "99.25 % of 800 LFW pairs; EER 0.6 % on 102 faces of 46 people"
latency_ms = 13.8
size = [150, 150]
version = 1
dimension = 128

[roles.face_descriptor.options]
most_shift = 0.2

[roles.face_descriptor.calibration]
metric = "cosine"
slope = 70.2
intercept = -65.14
threshold = 0.75

[roles.face_descriptor.files.network]
file = "face_descriptor.onnx"
sha256 = "{face_descriptor}"

[roles.face_descriptor.files.landmarks]
file = "landmarks5.npz"
sha256 = "{landmarks5}"

[roles.head_pose]
architecture = "PointsPose"
licence = "Apache-2.0"
accuracy = "formula; no ground truth"
latency_ms = 0.4

[roles.quality]
architecture = "FormulaQuality"
licence = "Apache-2.0"
accuracy = "formulas; no ground truth"
latency_ms = 0.7

[roles.face_quality]
architecture = "PortraitChecks"
licence = "Apache-2.0"
accuracy = "formulas; no ground truth"
latency_ms = 5.9

[roles.descriptor_score]
architecture = "FormulaScore"
licence = "Apache-2.0"
accuracy = "formula; no ground truth"
latency_ms = 0.9
"""
