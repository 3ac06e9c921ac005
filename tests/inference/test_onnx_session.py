"""Networks run on what really works, and say what that is."""

import threading

import numpy as np
import pytest
from onnx import TensorProto, helper

from inference.onnx_session import PREFERENCE, GpuNotUsable, OnnxSession, SessionOptions, unusable


def network() -> bytes:
    """Two inputs, their sum and their product; any number of rows of three."""
    names = ("first", "second", "sum", "product")
    first, second, total, product = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3]) for name in names
    )
    nodes = [
        helper.make_node("Add", ["first", "second"], ["sum"]),
        helper.make_node("Mul", ["first", "second"], ["product"]),
    ]
    graph = helper.make_graph(nodes, "two", [first, second], [total, product])
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(model.SerializeToString())


def test_inputs_and_outputs_keep_their_order_and_names() -> None:
    session = OnnxSession(network())
    assert dict(session.inputs) == {"first": ("batch", 3), "second": ("batch", 3)}
    row = np.array([[1, 2, 3]], np.float32)
    results = session(row, row * 2)
    assert list(results) == ["sum", "product"]
    assert results["sum"].tolist() == [[3, 6, 9]]
    assert results["product"].tolist() == [[2, 8, 18]]


def test_the_provider_is_the_first_that_works() -> None:
    expected = next(provider for provider in PREFERENCE if not unusable(provider))
    assert OnnxSession(network()).provider == expected
    only = SessionOptions(providers=("CPUExecutionProvider",))
    assert OnnxSession(network(), only).provider == "CPUExecutionProvider"


def test_a_gpu_that_was_demanded_is_not_replaced_in_silence() -> None:
    if any(not unusable(provider) for provider in PREFERENCE[:2]):
        pytest.skip("this machine has a GPU")
    with pytest.raises(GpuNotUsable, match="CUDAExecutionProvider: "):
        OnnxSession(network(), SessionOptions(require_gpu=True))


def test_providers_that_are_not_installed_are_named() -> None:
    with pytest.raises(RuntimeError, match="NoSuchProvider: not part of this build"):
        OnnxSession(network(), SessionOptions(providers=("NoSuchProvider",)))


def test_threads_share_a_session() -> None:
    session = OnnxSession(network())
    wrong: list[int] = []

    def work(number: int) -> None:
        row = np.full((50, 3), number, np.float32)
        for _ in range(200):
            if not (session(row, row)["sum"] == 2 * number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_what_is_no_network_is_an_error_of_the_runtime() -> None:
    with pytest.raises(Exception, match=r"[Pp]rotobuf"):
        OnnxSession(b"not a network")
