"""Comparisons of descriptors that are in no index."""

import asyncio
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Final

from domain.shared.biometrics import Descriptor
from domain.shared.model_features import DescriptorFeature
from inference.matching.pairwise import compare

# So few comparisons take less time than a change of threads.
_COMPARED_AT_ONCE: Final = 32


class Comparing:
    """Compares in this process, many descriptors in a thread of the executor."""

    def __init__(self, features: Iterable[DescriptorFeature], executor: Executor) -> None:
        self.features = tuple(features)
        self._comparing = executor

    async def similarities(
        self, reference: Descriptor, candidates: Sequence[Descriptor]
    ) -> list[float]:
        """The similarity of a reference with each of some candidates in no index."""
        work = partial(compare, reference, candidates, self.features)
        if len(candidates) <= _COMPARED_AT_ONCE:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._comparing, work)

    async def similarity(self, first: Descriptor, second: Descriptor) -> float:
        """The similarity of two descriptors."""
        (similarity,) = await self.similarities(first, [second])
        return similarity
