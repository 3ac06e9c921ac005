"""A writer of dlib's serialisation, for small files that tests make up."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.packs.dlib_format import LandmarkTrees

EMPTY = np.zeros((0, 0, 0, 0), np.float32)


def integer(value: int) -> bytes:
    """A whole number."""
    body = abs(value).to_bytes(max((abs(value).bit_length() + 7) // 8, 1), "little")
    return bytes([len(body) | (0x80 if value < 0 else 0)]) + body


def integers(*values: int) -> bytes:
    """Whole numbers, one after the other."""
    return b"".join(map(integer, values))


def number(value: float) -> bytes:
    """A number with a fraction."""
    mantissa, exponent = math.frexp(value)
    return integers(int(math.ldexp(mantissa, 53)), exponent - 53)


def numbers(*values: float) -> bytes:
    """Numbers with a fraction, one after the other."""
    return b"".join(map(number, values))


def text(value: str) -> bytes:
    """A name."""
    return integer(len(value)) + value.encode()


def alias(*shape: int) -> bytes:
    """A view of this shape."""
    return integers(1, *shape)


def tensor(values: NDArray[np.float32]) -> bytes:
    """A tensor of four dimensions."""
    return integers(2, *values.shape) + values.astype("<f4").tobytes()


def parameters(*parts: NDArray[np.float32]) -> bytes:
    """Several tensors as the one that holds them all."""
    flat = np.concatenate([part.ravel() for part in parts])
    return tensor(flat.reshape(-1, 1, 1, 1))


def convolution(
    weights: NDArray[np.float32], biases: NDArray[np.float32], stride: int = 1, padding: int = 0
) -> bytes:
    """A convolution."""
    filters, _, rows, columns = weights.shape
    settings = (filters, rows, columns, stride, stride, padding, padding)
    views = alias(*weights.shape) + alias(1, filters, 1, 1)
    return b"".join(
        (
            text("con_4"),
            parameters(weights, biases),
            integers(*settings),
            views,
            numbers(1, 1, 1, 0),
        )
    )


def affine(gamma: NDArray[np.float32], beta: NDArray[np.float32]) -> bytes:
    """A factor and a summand for each channel."""
    views = alias(1, gamma.size, 1, 1) * 2
    return text("affine_") + parameters(gamma, beta) + views + integer(0)


def batch_norm(*rows: NDArray[np.float32]) -> bytes:
    """A batch norm of gamma, beta, means and variances."""
    gamma, beta, means, variances = rows
    views = alias(1, gamma.size, 1, 1) * 2
    kept = (np.zeros_like(means), np.zeros_like(means), means, variances)
    tables = b"".join(tensor(row.reshape(1, -1, 1, 1)) for row in kept)
    end = integers(100, 100) + numbers(1, 0, 1, 1, 1e-4)
    return text("bn_con2") + parameters(gamma, beta) + views + tables + end


def pool(kind: str, size: int, stride: int) -> bytes:
    """A pool ("max" or "avg"); size 0 is the whole plane."""
    return text(f"{kind}_pool_2") + integers(size, size, stride, stride, 0, 0)


def matrix(weights: NDArray[np.float32]) -> bytes:
    """The layer that multiplies by a matrix, inputs x outputs."""
    inputs, outputs = weights.shape
    views = alias(inputs, outputs, 1, 1) + alias(0, 0, 0, 0)
    flat = parameters(weights)
    return (
        text("fc_2") + integers(outputs, inputs) + flat + views + integer(1) + numbers(1, 1, 1, 0)
    )


def network(loss: bytes, source: bytes, layers: Sequence[bytes | None]) -> bytes:
    """A file of layers from input to output; None is a tag or a skip."""
    kinds = [1 if layer is None else 2 for layer in layers]
    kinds[0] = 3
    rest = b"110" + tensor(EMPTY) * 3
    bodies = [layer + rest for layer in layers if layer is not None]
    bodies[0] += integer(1)
    return b"".join((integer(1), loss, integers(*reversed(kinds)), source, *bodies))


def descriptor_network(size: int, layers: Sequence[bytes | None]) -> bytes:
    """A network for inputs of one size."""
    source = text("input_rgb_image_sized") + numbers(100, 110, 120) + integers(size, size)
    return network(text("loss_metric_2") + numbers(0.04, 0.6), source, layers)


def detector_network(layers: Sequence[bytes | None]) -> bytes:
    """A network for pyramids."""
    options = integers(1, 80, 80) + numbers(1, 1, 0.5, 0.33, 1, 0.5, 1)
    source = text("input_rgb_image_pyramid") + numbers(100, 110, 120)
    return network(text("loss_mmod_") + options, source, layers)


def _column(values: NDArray[np.float32]) -> bytes:
    return integers(-values.size, -1) + numbers(*values.tolist())


def landmark_trees(trees: LandmarkTrees) -> bytes:
    """A file of landmark trees."""
    cascades, count, splits = trees.threshold.shape
    parts = [integer(1), _column(trees.mean.ravel()), integer(cascades)]
    for cascade in range(cascades):
        parts.append(integer(count))
        for tree in range(count):
            parts.append(integer(splits))
            for split in range(splits):
                place = cascade, tree, split
                parts.append(integers(int(trees.first[place]), int(trees.second[place])))
                parts.append(number(float(trees.threshold[place])))
            parts.append(integer(splits + 1))
            parts += map(_column, trees.leaves[cascade, tree])
    parts.append(integer(cascades))
    for anchors in trees.anchor.tolist():
        parts.append(integers(len(anchors), *anchors))
    parts.append(integer(cascades))
    for rows in trees.delta.tolist():
        parts.append(integer(len(rows)) + b"".join(numbers(*row) for row in rows))
    return b"".join(parts)
