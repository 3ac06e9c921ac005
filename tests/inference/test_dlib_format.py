"""dlib's files: read to the last byte or refused, and turned into graphs that compute the same."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.onnx_session import OnnxSession
from inference.packs.default_pack import package_files
from inference.packs.dlib_format import LandmarkTrees, read_landmark_trees, read_network
from inference.packs.dlib_networks import DETECTOR_BORDER, descriptor_graph, detector_graph
from inference.packs.dlib_reader import DlibReader, MalformedFile
from tests.inference import dlib_files as write

RNG = np.random.default_rng(5)
MEANS = np.array([100, 110, 120], np.float32)[:, None, None]


def values(*shape: int) -> NDArray[np.float32]:
    return RNG.normal(0, 0.5, shape).astype(np.float32)


FIRST, AFTER, DOWN = values(4, 3, 3, 3), values(4), (values(6, 4, 3, 3), values(6))
GAMMA, BETA, MATRIX = values(4), values(4), values(6, 5)
# Branches of 15 and 7 pixels, of 4 and 6 channels: the shorter ends in zeros.
RESIDUAL = write.descriptor_network(
    32,
    [
        write.convolution(FIRST, AFTER, stride=2),
        write.affine(GAMMA, BETA),
        write.text("relu_"),
        None,  # tag 1
        write.convolution(*DOWN, stride=2),
        None,  # tag 2
        None,  # skip to tag 1
        write.pool("avg", 2, 2),
        write.text("add_prev_"),
        write.text("relu_"),
        write.pool("avg", 0, 1),
        write.matrix(MATRIX),
    ],
)
MEAN, VARIANCE = values(4), np.abs(values(4)) + 0.1
DETECTOR = write.detector_network(
    [
        write.convolution(FIRST, AFTER, stride=2),
        write.batch_norm(GAMMA, BETA, MEAN, VARIANCE),
        write.text("relu_"),
        write.convolution(FIRST[:1].repeat(4, axis=1)[:, :4], AFTER[:1], padding=1),
    ]
)
TREES = LandmarkTrees(
    mean=values(3, 2),
    first=RNG.integers(0, 9, (2, 4, 3)).astype(np.int32),
    second=RNG.integers(0, 9, (2, 4, 3)).astype(np.int32),
    threshold=values(2, 4, 3),
    leaves=values(2, 4, 4, 6),
    anchor=RNG.integers(0, 3, (2, 9)).astype(np.int32),
    delta=values(2, 9, 2),
)
TREE_FILE = write.landmark_trees(TREES)
FILES = {
    "residual": (read_network, RESIDUAL),
    "detector": (read_network, DETECTOR),
    "trees": (read_landmark_trees, TREE_FILE),
}
in_each_file = pytest.mark.parametrize("name", FILES)


@given(st.integers(-(2**63), 2**63))
def test_integers_come_back(value: int) -> None:
    reader = DlibReader(write.integer(value))

    assert reader.integer() == value
    reader.finish()


@given(st.floats(-(2.0**126), 2.0**126, width=32))
def test_numbers_come_back(value: float) -> None:
    reader = DlibReader(write.number(value))

    assert reader.number() == value
    reader.finish()


@in_each_file
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_cut_anywhere_is_refused(name: str, data: st.DataObject) -> None:
    read, whole = FILES[name]
    cut = data.draw(st.integers(0, len(whole) - 1))

    with pytest.raises(MalformedFile):
        read(whole[:cut])


@in_each_file
@given(rest=st.binary(min_size=1, max_size=40))
def test_a_file_that_goes_on_is_refused(name: str, rest: bytes) -> None:
    read, whole = FILES[name]

    with pytest.raises(MalformedFile):
        read(whole + rest)


@in_each_file
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_an_altered_file_is_read_or_refused_but_never_breaks(
    name: str, data: st.DataObject
) -> None:
    read, whole = FILES[name]
    altered = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=4)):
        altered[place] = data.draw(st.integers(0, 255))

    with contextlib.suppress(MalformedFile):  # any other exception fails the test
        read(bytes(altered))


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    for read in (read_network, read_landmark_trees):
        with pytest.raises(MalformedFile):
            read(noise)


def test_landmark_trees_come_back() -> None:
    read = read_landmark_trees(TREE_FILE)

    for part in LandmarkTrees.__slots__:
        np.testing.assert_array_equal(getattr(read, part), getattr(TREES, part), err_msg=part)


def test_trees_that_point_outside_their_tables_are_refused() -> None:
    wrong = write.landmark_trees(
        LandmarkTrees(
            **{n: getattr(TREES, n) for n in TREES.__slots__ if n != "first"}, first=TREES.first + 9
        )
    )

    with pytest.raises(MalformedFile, match="outside"):
        read_landmark_trees(wrong)


def test_a_descriptor_graph_computes_what_the_file_says() -> None:
    images = RNG.uniform(0, 255, (3, 3, 32, 32)).astype(np.float32)
    x = (images - MEANS) / 256
    x = np.maximum(convolved(x, FIRST, AFTER, 2) * GAMMA[:, None, None] + BETA[:, None, None], 0)
    main, kept = convolved(x, *DOWN, 2), x[:, :, :14, :14].reshape(3, 4, 7, 2, 7, 2).mean((3, 5))
    main[:, :4] += kept
    raw = np.maximum(main, 0).mean((2, 3)) @ MATRIX

    model = descriptor_graph(read_network(RESIDUAL))
    outputs = OnnxSession(model.SerializeToString())(images)

    np.testing.assert_allclose(outputs["raw"], raw, rtol=1e-4, atol=1e-5)
    length = np.linalg.norm(raw, axis=1, keepdims=True)
    np.testing.assert_allclose(outputs["descriptor"], raw / length, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(40, 56), (23, 31)])
def test_a_detector_graph_computes_what_the_file_says(size: tuple[int, int]) -> None:
    images = RNG.uniform(0, 255, (2, 3, *size)).astype(np.float32)
    border = [(0, 0), (0, 0), (DETECTOR_BORDER,) * 2, (DETECTOR_BORDER,) * 2]
    x = convolved(np.pad((images - MEANS) / 256, border), FIRST, AFTER, 2)
    norm = (x - MEAN[:, None, None]) / np.sqrt(VARIANCE + 1e-4)[:, None, None]
    x = np.maximum(norm * GAMMA[:, None, None] + BETA[:, None, None], 0)
    last = FIRST[:1].repeat(4, axis=1)[:, :4]
    expected = convolved(np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)]), last, AFTER[:1], 1)

    model = detector_graph(read_network(DETECTOR))
    (scores,) = OnnxSession(model.SerializeToString())(images).values()

    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-4)


def test_a_network_of_another_kind_is_refused() -> None:
    with pytest.raises(MalformedFile):
        descriptor_graph(read_network(DETECTOR))
    with pytest.raises(MalformedFile):
        detector_graph(read_network(RESIDUAL))


def test_the_same_network_gives_the_same_bytes() -> None:
    first, second = (descriptor_graph(read_network(RESIDUAL)) for _ in range(2))

    assert first.SerializeToString() == second.SerializeToString()


def test_the_package_files_are_read_to_the_last_byte() -> None:
    models = package_files()
    descriptor = read_network((models / "dlib_face_recognition_resnet_model_v1.dat").read_bytes())
    detector = read_network((models / "mmod_human_face_detector.dat").read_bytes())

    names = [layer.name for layer in descriptor.layers]
    assert names.count("con_4") == names.count("affine_") == 29
    assert names.count("add_prev_") == 14
    assert [layer.name for layer in detector.layers].count("con_4") == 7
    assert detector.options["nms_iou"] == pytest.approx(0.338, abs=1e-3)


@given(cut=st.integers(1, 729_000), rest=st.binary(min_size=1, max_size=9))
@settings(max_examples=20, deadline=None)
def test_the_package_detector_cut_or_extended_is_refused(cut: int, rest: bytes) -> None:
    whole = (package_files() / "mmod_human_face_detector.dat").read_bytes()

    for altered in (whole[:-cut], whole + rest):
        with pytest.raises(MalformedFile):
            read_network(altered)


def convolved(
    x: NDArray[np.float32], weights: NDArray[np.float32], biases: NDArray[np.float32], stride: int
) -> NDArray[np.float32]:
    """A plain convolution without padding."""
    windows = np.lib.stride_tricks.sliding_window_view(x, weights.shape[2:], axis=(2, 3))
    strided = windows[:, :, ::stride, ::stride]
    summed = np.einsum("nchwij,fcij->nfhw", strided, weights, optimize=True)
    return np.asarray(summed + biases[:, None, None], np.float32)
