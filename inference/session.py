"""The port to a network: arrays in, named arrays out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Session(Protocol):
    """A loaded network; safe to call from several threads at once."""

    @property
    def provider(self) -> str:
        """What it runs on, such as CPUExecutionProvider."""
        ...

    @property
    def inputs(self) -> Mapping[str, tuple[Any, ...]]:
        """Shape by input name, in order; a free dimension is a string or None."""
        ...

    def __call__(self, *arrays: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """Run the network on its inputs, in their order; outputs by name, in their order."""
        ...


class ModelFiles(Protocol):
    """The files of one role of a pack, under the names the pack gives them ("" for a sole one)."""

    def session(self, name: str = "") -> Session:
        """The network in a file, loaded once however many roles share it."""
        ...

    def path(self, name: str = "") -> Path:
        """A file that is no network."""
        ...
