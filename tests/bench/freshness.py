"""How soon a new face is matched: `python -m tests.bench freshness`, on the way of real facts.

The index of the process that made it knows it when the command is answered; that of another
process hears of it from Postgres.
"""

import asyncio
import time
from collections.abc import Iterator

from commands.faces import CreateFace
from domain.shared.biometrics import Descriptor, DescriptorKind
from ray_cluster.matching import MatchFilters, Matching, MatchQuery, Origin
from tests.api.fed_index import FEATURE, content, fed, vector, writing
from tests.bench.figures import Figure
from tests.support.writing import ACCOUNT

FACES, WANTED_MS = 300, 100.0


def figures(dsn: str) -> Iterator[Figure]:
    """The 99th percentile of the time from the answer of a command until a search finds it."""
    own, other = asyncio.run(_delays(dsn))
    for name, delays in (("of its own process", own), ("of another process", other)):
        slow = sorted(delays)[int(len(delays) * 0.99)]
        what = f"a new face in the index {name}, p99 of {len(delays)} / 100 ms"
        yield Figure(what, slow * 1e3, WANTED_MS, "ms", 1.0, bound=True)


async def _delays(dsn: str) -> tuple[list[float], list[float]]:
    own: list[float] = []
    other: list[float] = []
    async with fed(dsn) as here, fed(dsn) as there, writing(dsn, here.feeder) as writer:
        for seed in range(FACES):
            made = CreateFace(account_id=ACCOUNT, attribute=content(seed))
            face_id = await writer.send(made)
            answered = time.perf_counter()
            for delays, index in ((own, here), (other, there)):
                while await _best(index.matching, seed) != face_id:
                    await asyncio.sleep(0)
                delays.append(time.perf_counter() - answered)
    return own, other


async def _best(matching: Matching, seed: int) -> object:
    query = MatchQuery(
        references=(Descriptor(DescriptorKind.FACE, FEATURE.version, vector(seed)),),
        origin=Origin.FACES,
        filters=MatchFilters(account_id=ACCOUNT),
        limit=1,
    )
    ((answer,),) = await matching.search([query])
    return answer.candidates[0].candidate_id if answer.candidates else None
