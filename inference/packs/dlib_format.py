"""Networks and landmark trees in dlib's files, read to the last byte or not at all."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from inference.packs.dlib_reader import DlibReader, Floats, MalformedFile

Integers = NDArray[np.int32]

_LAYER, _MARK, _INNERMOST = 2, 1, 3


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: its name in the file, whole-number settings, tensors and numbers by name."""

    name: str
    settings: Mapping[str, int] = field(default_factory=dict)
    tensors: Mapping[str, Floats] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)


MARK: Final = Layer("mark")
"""A tag or a skip: where a branch begins or ends; the file says no more about it."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network: its loss with options, the input's means, the layers from input to output."""

    loss: str
    options: Mapping[str, float]
    input_name: str
    means: tuple[float, float, float]
    layers: tuple[Layer, ...]


@dataclass(frozen=True, slots=True)
class LandmarkTrees:
    """Cascades of regression trees that move a mean shape onto a face.

    With C cascades of T trees of S splits, F feature pixels and P points: `mean` P x 2;
    `first` and `second` (the compared feature pixels) and `threshold` C x T x S; `leaves`
    C x T x (S + 1) x 2P; `anchor` (the point a feature pixel hangs on) C x F; `delta` C x F x 2.
    """

    mean: Floats
    first: Integers
    second: Integers
    threshold: Floats
    leaves: Floats
    anchor: Integers
    delta: Floats


def read_network(data: bytes) -> Network:
    """The network in a file's content."""
    reader = DlibReader(data)
    reader.expect("version of the network", 1)
    loss = reader.text()
    if loss not in _LOSSES:
        raise MalformedFile(f"loss {loss!r} is unknown")
    options = _LOSSES[loss](reader)
    marks = [reader.expect("kind of a layer", _LAYER, _MARK, _INNERMOST)]  # outermost first
    while marks[-1] != _INNERMOST:
        marks.append(reader.expect("kind of a layer", _LAYER, _MARK, _INNERMOST))
    input_name = reader.text()
    means = (reader.number(), reader.number(), reader.number())
    if input_name == "input_rgb_image_sized":
        options |= reader.integers("rows", "columns")
    elif input_name != "input_rgb_image_pyramid":
        raise MalformedFile(f"input {input_name!r} is unknown")
    layers = tuple(MARK if kind == _MARK else _layer(reader, kind) for kind in reversed(marks))
    reader.finish()
    return Network(loss, options, input_name, means, layers)


def _metric_loss(reader: DlibReader) -> dict[str, float]:
    return reader.numbers("margin", "threshold")


def _mmod_loss(reader: DlibReader) -> dict[str, float]:
    reader.expect("version of the detector's options", 1)
    box = reader.integers("width", "height")
    prices = reader.numbers("false_alarm", "missed", "truth_iou")
    return {**box, **prices, **reader.numbers("nms_iou", "nms_cover", "ignore_iou", "ignore_cover")}


_LOSSES: Final[dict[str, Callable[[DlibReader], dict[str, float]]]] = {
    "loss_metric_2": _metric_loss,
    "loss_mmod_": _mmod_loss,
}


def _layer(reader: DlibReader, kind: int) -> Layer:
    name = reader.text()
    if name not in _LAYERS:
        raise MalformedFile(f"layer {name!r} is unknown")
    layer = _LAYERS[name](name, reader)
    for _ in range(3):
        reader.flag()
    for _ in range(3):
        reader.tensor()  # left from training
    if kind == _INNERMOST:
        reader.expect("sample expansion", 0, 1)
    return layer


_MULTIPLIERS: Final = ("learning_rate", "weight_decay", "bias_learning_rate", "bias_weight_decay")


def _convolution(name: str, reader: DlibReader) -> Layer:
    params = reader.tensor()
    names = ("filters", "rows", "columns", "stride_y", "stride_x", "padding_y", "padding_x")
    settings = reader.integers(*names)
    tensors = _views(params, filters=reader.alias(), biases=reader.alias())
    reader.numbers(*_MULTIPLIERS)
    return Layer(name, settings, tensors)


def _affine(name: str, reader: DlibReader) -> Layer:
    params = reader.tensor()
    tensors = _views(params, gamma=reader.alias(), beta=reader.alias())
    reader.expect("mode of a scaling layer", 0)  # per channel
    return Layer(name, {}, tensors)


def _batch_norm(name: str, reader: DlibReader) -> Layer:
    params = reader.tensor()
    tensors = _views(params, gamma=reader.alias(), beta=reader.alias())
    for kind in ("last_means", "last_scales", "means", "variances"):
        tensors[kind] = reader.tensor()
    reader.integers("updates", "window")
    return Layer(name, {}, tensors, reader.numbers(*_MULTIPLIERS, "epsilon"))


def _pool(name: str, reader: DlibReader) -> Layer:
    names = ("rows", "columns", "stride_y", "stride_x", "padding_y", "padding_x")
    return Layer(name, reader.integers(*names))


def _matrix(name: str, reader: DlibReader) -> Layer:
    settings = reader.integers("outputs", "inputs")
    params = reader.tensor()
    tensors = _views(params, weights=reader.alias(), biases=reader.alias())
    settings |= reader.integers("bias_mode")
    reader.numbers(*_MULTIPLIERS)
    return Layer(name, settings, tensors)


_LAYERS: Final[dict[str, Callable[[str, DlibReader], Layer]]] = {
    "con_4": _convolution,
    "affine_": _affine,
    "bn_con2": _batch_norm,
    "max_pool_2": _pool,
    "avg_pool_2": _pool,
    "fc_2": _matrix,
    "relu_": lambda name, _: Layer(name),
    "add_prev_": lambda name, _: Layer(name),
}


def _views(params: Floats, **shapes: tuple[int, ...]) -> dict[str, Floats]:
    """Consecutive parts of the parameters, in their own shapes."""
    if sum(map(math.prod, shapes.values())) != params.size:
        raise MalformedFile(f"views {shapes} do not cover {params.size} parameters")
    flat, parts, at = params.reshape(-1), {}, 0
    for name, shape in shapes.items():
        parts[name] = flat[at : at + math.prod(shape)].reshape(shape)
        at += math.prod(shape)
    return parts


def read_landmark_trees(data: bytes) -> LandmarkTrees:
    """The landmark trees in a file's content."""
    reader = DlibReader(data)
    reader.expect("version of the trees", 1)
    mean = reader.column()
    cascades = [_cascade(reader, len(mean)) for _ in range(reader.count(2))]
    anchor = [_row(reader, 1, reader.integer) for _ in range(reader.count(2))]
    delta = [
        _row(reader, 2, lambda: (reader.number(), reader.number())) for _ in range(reader.count(2))
    ]
    reader.finish()
    if not mean or len(mean) % 2 or not len(cascades) == len(anchor) == len(delta) > 0:
        raise MalformedFile("the parts of the trees do not belong together")
    splits, leaves = zip(*cascades, strict=True)
    first, second, threshold = np.moveaxis(_array(splits, np.float64), -1, 0)
    trees = LandmarkTrees(
        mean=_array(mean, np.float32).reshape(-1, 2),
        first=first.astype(np.int32),
        second=second.astype(np.int32),
        threshold=threshold.astype(np.float32),
        leaves=_array(leaves, np.float32),
        anchor=_array(anchor, np.int32),
        delta=_array(delta, np.float32),
    )
    _check(trees)
    return trees


def _cascade(reader: DlibReader, leaf_size: int) -> tuple[list[Any], list[Any]]:
    """Splits and leaves of each tree of one cascade."""
    splits, leaves = [], []
    for _ in range(reader.count(2)):
        splits.append(
            _row(reader, 4, lambda: (reader.integer(), reader.integer(), reader.number()))
        )
        leaves.append(_row(reader, 2 + 2 * leaf_size, reader.column))
    return splits, leaves


def _row(reader: DlibReader, item_bytes: int, read: Callable[[], Any]) -> list[Any]:
    return [read() for _ in range(reader.count(item_bytes))]


def _array(rows: Any, kind: Any) -> NDArray[Any]:
    try:
        return np.array(rows, dtype=kind)
    except (ValueError, OverflowError):
        raise MalformedFile("trees, leaves or points differ in number") from None


def _check(trees: LandmarkTrees) -> None:
    """Refuse trees that do not fit together or point outside their tables."""
    cascades, splits = len(trees.leaves), trees.threshold.shape[-1]
    points, features = len(trees.mean), trees.anchor.shape[-1]
    fits = (
        trees.threshold.ndim == 3
        and trees.leaves.shape == (*trees.threshold.shape[:2], splits + 1, 2 * points)
        and trees.anchor.shape == (cascades, features)
        and trees.delta.shape == (cascades, features, 2)
        and splits & (splits + 1) == 0 < splits  # every path has the same length
    )
    if not fits:
        raise MalformedFile("the parts of the trees do not belong together")
    tables = ((trees.first, features), (trees.second, features), (trees.anchor, points))
    if any(table.min() < 0 or table.max() >= size for table, size in tables):
        raise MalformedFile("a tree points outside its tables")
