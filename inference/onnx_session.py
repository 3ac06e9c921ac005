"""Networks run by ONNX Runtime, on the best hardware that really works."""

import functools
import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inference.native import onnxruntime

PREFERENCE: Final = (
    "TensorrtExecutionProvider",
    "CUDAExecutionProvider",
    "CPUExecutionProvider",
)
_GPU: Final = frozenset(PREFERENCE[:2])


class GpuNotUsable(RuntimeError):
    """A GPU was demanded and the network would have run on the processor."""


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """How networks run.

    `threads` are those one call may use (0: one per core); `spinning` keeps idle threads awake,
    which costs other work more than it gains unless a machine runs one network only.
    `providers` names what to try, best first; empty means everything installed.
    `require_gpu` refuses the silent fall back to the processor. `cache_dir` keeps the engines
    that TensorRT builds.
    """

    threads: int = 1
    spinning: bool = False
    providers: tuple[str, ...] = ()
    require_gpu: bool = False
    cache_dir: Path | None = None


class OnnxSession:
    """One network in memory; its calls release the interpreter and may run at the same time."""

    def __init__(self, model: Path | bytes, options: SessionOptions | None = None) -> None:
        self._options = options or SessionOptions()
        self._session = self._create(model)
        self._inputs = {item.name: tuple(item.shape) for item in self._session.get_inputs()}
        self._outputs = [item.name for item in self._session.get_outputs()]

    @property
    def provider(self) -> str:
        """What it runs on: the first provider of the created session."""
        return str(self._session.get_providers()[0])

    @property
    def inputs(self) -> Mapping[str, tuple[Any, ...]]:
        """Shape by input name, in order."""
        return self._inputs

    def __call__(self, *arrays: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run the network on its inputs, in their order; outputs by name."""
        feed = dict(zip(self._inputs, arrays, strict=True))
        return dict(zip(self._outputs, self._session.run(None, feed), strict=True))

    def _create(self, model: Path | bytes) -> Any:
        """The session on the first provider that works."""
        source = str(model) if isinstance(model, Path) else model
        problems: list[str] = []
        for provider in self._options.providers or PREFERENCE:
            if self._options.require_gpu and provider not in _GPU:
                continue
            if problem := unusable(provider):
                problems.append(f"{provider}: {problem}")
                continue
            chain = [provider] if provider == PREFERENCE[-1] else [provider, PREFERENCE[-1]]
            session = onnxruntime.InferenceSession(
                source,
                sess_options=self._native_options(),
                providers=[(name, self._provider_options(name)) for name in chain],
                enable_fallback=0,
            )
            if session.get_providers()[0] == provider:
                return session
            problems.append(f"{provider}: dropped for this network")
        reasons = "; ".join(problems)
        if self._options.require_gpu:
            raise GpuNotUsable(reasons)
        raise RuntimeError(f"no provider can run the network: {reasons}")

    def _native_options(self) -> Any:
        native = onnxruntime.SessionOptions()
        native.intra_op_num_threads = self._options.threads or os.cpu_count() or 1
        native.inter_op_num_threads = 1
        native.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        native.log_severity_level = 3
        spinning = "1" if self._options.spinning else "0"
        native.add_session_config_entry("session.intra_op.allow_spinning", spinning)
        native.add_session_config_entry("session.inter_op.allow_spinning", spinning)
        return native

    def _provider_options(self, provider: str) -> dict[str, str]:
        if provider == "TensorrtExecutionProvider" and self._options.cache_dir is not None:
            cache = str(self._options.cache_dir)
            return {"trt_engine_cache_enable": "1", "trt_engine_cache_path": cache}
        if provider == "CUDAExecutionProvider":
            # The exhaustive search of cuDNN runs again for every new input size.
            return {"cudnn_conv_algo_search": "HEURISTIC"}
        return {}


def on_gpu() -> bool:
    """Whether networks run on a GPU here unless told otherwise."""
    return any(not unusable(provider) for provider in _GPU)


@functools.cache
def unusable(provider: str) -> str:
    """Why a provider does not work on this machine; empty when it does.

    A GPU build of ONNX Runtime lists providers whose libraries or devices are missing, and a
    session that asks for one silently gets the processor; so a tiny network is tried once.
    """
    if provider not in onnxruntime.get_available_providers():
        return "not part of this build of ONNX Runtime"
    if provider == PREFERENCE[-1]:
        return ""
    if importlib.util.find_spec("nvidia") is not None:
        onnxruntime.preload_dlls()  # CUDA libraries that came as Python packages
    # Missing libraries are an answer here, not an error to print.
    onnxruntime.set_default_logger_severity(4)
    try:
        session = onnxruntime.InferenceSession(
            _tiny_network(), providers=[provider], enable_fallback=0
        )
    except Exception as problem:  # providers raise types of their own
        return str(problem)
    finally:
        onnxruntime.set_default_logger_severity(3)
    return "" if session.get_providers()[0] == provider else "its libraries or device are missing"


def _tiny_network() -> bytes:
    shape = [1, 4]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    node = helper.make_node("Relu", ["x"], ["y"])
    graph = helper.make_graph([node], "probe", ends[:1], ends[1:])
    opset = [helper.make_opsetid("", 13)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    return bytes(model.SerializeToString())
