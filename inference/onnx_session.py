"""Networks run by ONNX Runtime, on the best hardware that really works."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

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
        """The session on the first provider that works; a broken file fails on all of them."""
        source = str(model) if isinstance(model, Path) else model
        problems: list[str] = []
        for provider in usable_providers(self._options.providers):
            if self._options.require_gpu and provider not in _GPU:
                continue
            chain = [provider] if provider == PREFERENCE[-1] else [provider, PREFERENCE[-1]]
            try:
                session = onnxruntime.InferenceSession(
                    source,
                    sess_options=self._native_options(),
                    providers=[(name, self._provider_options(name)) for name in chain],
                )
            except Exception as problem:  # whatever a provider raises, the next one is tried
                problems.append(f"{provider}: {problem}")
                continue
            # A provider whose libraries are missing is dropped without an error.
            if session.get_providers()[0] == provider:
                return session
            problems.append(f"{provider}: dropped by ONNX Runtime")
        if self._options.require_gpu:
            raise GpuNotUsable("; ".join(problems) or "no GPU provider is installed")
        raise RuntimeError("; ".join(problems))

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


def usable_providers(wanted: Sequence[str] = ()) -> list[str]:
    """Providers of this build of ONNX Runtime, best first, limited to those wanted."""
    installed = set(onnxruntime.get_available_providers())
    return [name for name in (wanted or PREFERENCE) if name in installed]
