"""ONNX graphs of dlib's face networks; scaling layers are folded into their convolutions."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from inference.packs.dlib_format import MARK, Layer, Network
from inference.packs.dlib_reader import Floats, MalformedFile

DETECTOR_BORDER: Final = 11
"""Zeros around every level of the detector's pyramid, in pixels after normalisation."""

_OPSET: Final = 17
_IR_VERSION: Final = 8
_SCALINGS: Final = ("affine_", "bn_con2")


def descriptor_graph(network: Network) -> onnx.ModelProto:
    """The descriptor network: `input` N x 3 x 150 x 150 to `raw` and `descriptor`, N x 128.

    The input is RGB, 0 to 255. `raw` is what dlib gives, to be compared by Euclidean distance;
    `descriptor` is the same scaled to length one, to be compared by cosine.
    """
    if network.loss != "loss_metric_2" or network.layers[-1].name != "fc_2":
        raise MalformedFile("this is not a descriptor network")
    rows, columns = int(network.options["rows"]), int(network.options["columns"])
    dimension = network.layers[-1].settings["outputs"]
    builder = _Builder((rows, columns))
    builder.normalise(network.means)
    builder.add_all(network.layers)
    builder.output("raw", ["n", dimension])
    builder.scale_to_length_one()
    builder.output("descriptor", ["n", dimension])
    return builder.model(["n", 3, rows, columns])


def detector_graph(network: Network) -> onnx.ModelProto:
    """The detector: `input` N x 3 x H x W to `scores` N x 1 x h x w, a cell every 8 pixels.

    The input is RGB, 0 to 255. Cell (r, c) tells of the 80 x 80 box around (8c + 3, 8r + 3) in
    the input's pixels.
    """
    if network.loss != "loss_mmod_" or network.layers[-1].name != "con_4":
        raise MalformedFile("this is not a detector")
    builder = _Builder(None)
    builder.normalise(network.means)
    border = [0, 0, DETECTOR_BORDER, DETECTOR_BORDER]
    builder.current = builder.pad(builder.current, border + border)
    builder.add_all(network.layers)
    builder.output("scores", ["n", 1, "rows", "columns"])
    return builder.model(["n", 3, "h", "w"])


class _Builder:
    """Grows a graph layer by layer; `current` is the value the last layer made.

    dlib adds values of different sizes as if the smaller one went on with zeros, so sizes are
    followed where the input has a fixed one.
    """

    def __init__(self, size: tuple[int, int] | None) -> None:
        self.current = "input"
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._outputs: list[Any] = []
        self._shapes: dict[str, tuple[int, int, int]] = {}
        if size is not None:
            self._shapes["input"] = (3, *size)
        self._branches: list[str] = []

    def add_all(self, layers: tuple[Layer, ...]) -> None:
        """Append all layers of a network."""
        rest = _Peeking(layers)
        for layer in rest:
            self._add(layer, rest)
        if self._branches:
            raise MalformedFile("a branch has no end")

    def normalise(self, means: Sequence[float]) -> None:
        """Subtract the mean of each channel and divide by 256, as dlib does."""
        middle = self._constant(np.array(means, np.float32).reshape(1, 3, 1, 1))
        scale = self._constant(np.array(1 / 256, np.float32))
        shape = self._shapes.get(self.current)
        self._step("Sub", shape, inputs=[self.current, middle])
        self._step("Mul", shape, inputs=[self.current, scale])

    def scale_to_length_one(self) -> None:
        """Divide each row by its length."""
        self.current = self._node("LpNormalization", [self.current], axis=1, p=2)

    def output(self, name: str, shape: list[Any]) -> None:
        """Give the current value a name and a place among the outputs."""
        self.current = self._node("Identity", [self.current], output=name)
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def model(self, shape: list[Any]) -> onnx.ModelProto:
        """The finished model, checked; the same network gives the same bytes."""
        taken = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
        graph = helper.make_graph(self._nodes, "face", [taken], self._outputs, self._weights)
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=_IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model

    def pad(self, value: str, amounts: list[int]) -> str:
        """The value with zeros around it: four amounts before, four after."""
        return self._node("Pad", [value, self._constant(np.array(amounts, np.int64))])

    def _add(self, layer: Layer, rest: "_Peeking") -> None:
        if layer is MARK:
            self._branch(rest)
        elif layer.name == "con_4":
            self._convolution(layer, rest)
        elif layer.name == "relu_":
            self._step("Relu", self._shapes.get(self.current))
        elif layer.name in ("max_pool_2", "avg_pool_2"):
            self._pool(layer)
        elif layer.name == "add_prev_":
            self._add_branch()
        elif layer.name == "fc_2":
            self._matrix(layer)
        else:
            raise MalformedFile(f"layer {layer.name!r} stands alone")

    def _branch(self, rest: "_Peeking") -> None:
        """One mark keeps the value for a later sum; two together go back to the kept value."""
        if rest.peek() is not MARK:
            self._branches.append(self.current)
            return
        next(rest)
        if not self._branches:
            raise MalformedFile("there is no branch to go back to")
        self.current, self._branches[-1] = self._branches[-1], self.current

    def _add_branch(self) -> None:
        if not self._branches:
            raise MalformedFile("there is no branch to add")
        other = self._branches.pop()
        size = tuple(map(max, self._shape(), self._shape(other)))
        grown = [self._grown(value, size) for value in (other, self.current)]
        self.current = self._node("Add", grown)
        self._shapes[self.current] = (size[0], size[1], size[2])

    def _grown(self, value: str, size: tuple[int, ...]) -> str:
        more = [wanted - there for wanted, there in zip(size, self._shape(value), strict=True)]
        return self.pad(value, [0, 0, 0, 0, 0, *more]) if any(more) else value

    def _convolution(self, layer: Layer, rest: "_Peeking") -> None:
        weights, bias = layer.tensors["filters"], layer.tensors["biases"].reshape(-1)
        following = rest.peek()
        if following is not None and following.name in _SCALINGS:
            scale, shift = _scaling(next(rest))
            if len(scale) != len(weights):
                raise MalformedFile("a scaling layer has another size than its convolution")
            weights, bias = weights * scale[:, None, None, None], bias * scale + shift
        kept = layer.settings
        if weights.shape[2:] != (kept["rows"], kept["columns"]) or len(bias) != len(weights):
            raise MalformedFile("a convolution has another size than its filters")
        inputs = [self.current, self._constant(weights), self._constant(bias)]
        shape = self._window(layer, len(weights))
        self._step("Conv", shape, _moves(layer), inputs)

    def _pool(self, layer: Layer) -> None:
        channels = self._shape()[0]
        if not layer.settings["rows"]:  # the whole plane
            self._step("GlobalAveragePool", (channels, 1, 1))
            return
        kind = "MaxPool" if layer.name == "max_pool_2" else "AveragePool"
        self._step(kind, self._window(layer, channels), _moves(layer))

    def _matrix(self, layer: Layer) -> None:
        weights = layer.tensors["weights"]
        if layer.tensors["biases"].size:
            raise MalformedFile("the last layer has biases, which is not supported")
        inputs, outputs = layer.settings["inputs"], layer.settings["outputs"]
        if weights.size != inputs * outputs:
            raise MalformedFile("the last layer has another size than its matrix")
        flat = self._node("Flatten", [self.current], axis=1)
        matrix = self._constant(weights.reshape(inputs, outputs))
        self.current = self._node("MatMul", [flat, matrix])

    def _window(self, layer: Layer, channels: int) -> tuple[int, int, int] | None:
        """What a sliding window leaves of the current size."""
        if self.current not in self._shapes:
            return None
        _, height, width = self._shape()
        kept = layer.settings
        rows = height + 2 * kept["padding_y"] - kept["rows"]
        columns = width + 2 * kept["padding_x"] - kept["columns"]
        if min(rows, columns) < 0:
            raise MalformedFile("a window is larger than what it slides over")
        return channels, rows // kept["stride_y"] + 1, columns // kept["stride_x"] + 1

    def _step(
        self,
        kind: str,
        shape: tuple[int, int, int] | None,
        attributes: dict[str, Any] | None = None,
        inputs: list[str] | None = None,
    ) -> None:
        self.current = self._node(kind, inputs or [self.current], **(attributes or {}))
        if shape is not None:
            self._shapes[self.current] = shape

    def _shape(self, value: str | None = None) -> tuple[int, int, int]:
        value = value or self.current
        if value not in self._shapes:
            raise MalformedFile("this layer needs an input of known size")
        return self._shapes[value]

    def _node(self, kind: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def _constant(self, values: Floats | NDArray[np.int64]) -> str:
        name = f"weights_{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name


class _Peeking:
    """Layers in order, with a look at the one that comes next."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._layers, self._at = layers, 0

    def __iter__(self) -> Iterator[Layer]:
        return self

    def __next__(self) -> Layer:
        if self._at == len(self._layers):
            raise StopIteration
        self._at += 1
        return self._layers[self._at - 1]

    def peek(self) -> Layer | None:
        """The next layer; None at the end."""
        return self._layers[self._at] if self._at < len(self._layers) else None


def _scaling(layer: Layer) -> tuple[Floats, Floats]:
    """Factor and summand per channel of a scaling layer, or of a batch norm as it is used."""
    gamma = layer.tensors["gamma"].reshape(-1).astype(np.float64)
    beta = layer.tensors["beta"].reshape(-1).astype(np.float64)
    if layer.name == "bn_con2":
        variances = layer.tensors["variances"].reshape(-1).astype(np.float64)
        means = layer.tensors["means"].reshape(-1).astype(np.float64)
        gamma = gamma / np.sqrt(variances + layer.numbers["epsilon"])
        beta = beta - gamma * means
    return gamma.astype(np.float32), beta.astype(np.float32)


def _moves(layer: Layer) -> dict[str, list[int]]:
    """Window, strides and paddings as ONNX wants them."""
    kept = layer.settings
    vertical, horizontal = kept["padding_y"], kept["padding_x"]
    return {
        "kernel_shape": [kept["rows"], kept["columns"]],
        "strides": [kept["stride_y"], kept["stride_x"]],
        "pads": [vertical, horizontal, vertical, horizontal],
    }
