"""Which calls of networks some work makes, and the same calls with nothing around them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inference.onnx_session import OnnxSession

SIZES = (1, 2, 4, 8)
"""The batch sizes of which each network is given its best."""

Arrays = tuple[Any, ...]
Note = Callable[[OnnxSession, Arrays, float], None]
"""Told a network, its inputs, and the seconds of processor time of the call."""


@contextmanager
def watched(note: Note) -> Iterator[None]:
    """Tell every call of a network while this lasts."""
    plain: Callable[..., Any] = OnnxSession.__call__

    def call(session: OnnxSession, *arrays: Any) -> Any:
        began = time.thread_time()
        outputs = plain(session, *arrays)
        note(session, arrays, time.thread_time() - began)
        return outputs

    OnnxSession.__call__ = call  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        OnnxSession.__call__ = plain  # type: ignore[method-assign]


@dataclass(slots=True)
class NetworkCalls:
    """How many inputs of which shape each network got, one of each kind, and what it all took."""

    counts: Counter[Any] = field(default_factory=Counter)
    inputs: dict[Any, tuple[OnnxSession, Arrays]] = field(default_factory=dict)
    cpu_s: float = 0.0

    def note(self, session: OnnxSession, arrays: Arrays, seconds: float) -> None:
        """Count a call."""
        key = (id(session), *(array.shape[1:] for array in arrays))
        self.counts[key] += len(arrays[0])
        if key not in self.inputs:
            self.inputs[key] = session, tuple(array[:1].copy() for array in arrays)
        self.cpu_s += seconds

    def at_best_batch(self) -> list[Callable[[], object]]:
        """The same work by bare `session.run`, each network at the batch size it likes best."""
        work: list[Callable[[], object]] = []
        for key, (session, arrays) in self.inputs.items():
            calls = {size: _bare(session, arrays, size) for size in SIZES}
            each = {size: _fastest(call) / size for size, call in calls.items()}
            best = min(each, key=each.__getitem__)
            full, rest = divmod(self.counts[key], best)
            work += [calls[best]] * full + [calls[1]] * rest
        return work


def _bare(session: OnnxSession, arrays: Arrays, size: int) -> Callable[[], object]:
    batches = (np.repeat(array, size, axis=0) for array in arrays)
    feed = dict(zip(session.inputs, batches, strict=True))
    return lambda: session._session.run(None, feed)


def _fastest(call: Callable[[], object]) -> float:
    """Seconds of processor time of one call; the best of three, which others disturbed least."""
    times = []
    for _ in range(3):
        began = time.thread_time()
        call()
        times.append(time.thread_time() - began)
    return min(times)
