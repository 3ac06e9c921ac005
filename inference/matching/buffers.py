"""Scratch memory of each thread, kept from search to search."""

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Kept(threading.local):
    """The buffers of one thread by name."""

    def __init__(self) -> None:
        self.by_name: dict[str, NDArray[np.uint8]] = {}


_kept = _Kept()


def buffer(name: str, shape: tuple[int, int], kind: type[np.generic]) -> NDArray[Any]:
    """An array to overwrite; whoever had this thread's buffer of that name has it no more."""
    size = shape[0] * shape[1] * np.dtype(kind).itemsize
    found = _kept.by_name.get(name)
    if found is None or found.nbytes < size:
        found = _kept.by_name[name] = np.empty(size, np.uint8)
    return found[:size].view(kind).reshape(shape)
