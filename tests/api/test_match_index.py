"""The match index takes no more memory than it may; what would is refused before it is written."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from api.match_index import MatchIndex, machine_bytes
from api.settings import Settings
from commands.faces import CreateFace
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter
from domain.attributes import AttributeContent, DescriptorData
from domain.matching import IndexFull
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.similarity import Calibration
from ray_cluster.matching import MatchFilters, MatchQuery, Origin, PutCandidate
from tests.support.log import MASTER, open_log, prepare
from tests.support.postgres import Databases

FEATURE = DescriptorFeature(DescriptorKind.FACE, 1, 128, Calibration(12.0, -5.0))


@pytest.fixture
def dsn(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the product's schema."""
    with databases.fresh(prepare) as made:
        yield made


def vector(seed: int) -> bytes:
    return np.random.default_rng(seed).standard_normal(128).astype("<f4").tobytes()


async def test_vectors_are_refused_when_there_is_no_room_and_the_rest_goes_on(
    dsn: str, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, index={"memory_bytes": 200_000})
    index = MatchIndex(settings, dsn, MASTER)
    matching = await index.start([FEATURE])
    log = open_log(dsn)
    writer = GroupCommitWriter(log, COMMANDS, observers=[index.committed], admit=index.admit)
    writer.start()
    account = uuid4()

    def face(seed: int) -> CreateFace:
        return CreateFace(
            account_id=account, attribute=AttributeContent((DescriptorData(1, vector(seed)),))
        )

    try:
        await writer.send(face(1))
        now = datetime.now(UTC)
        matching.apply(  # events of other processes, as the feeder brings them
            [
                PutCandidate(
                    origin=Origin.EVENTS,
                    candidate_id=uuid4(),
                    account_id=account,
                    descriptor=Descriptor(DescriptorKind.FACE, 1, vector(seed)),
                    create_time=now,
                )
                for seed in range(400)
            ],
            None,
        )
        index._looked = 0.0  # a second later
        before = log.position()
        with pytest.raises(IndexFull, match="200000"):
            await writer.send(face(2))
        assert log.position() == before
        await writer.send(CreateFace(account_id=account))
        query = MatchQuery(
            references=(Descriptor(DescriptorKind.FACE, 1, vector(1)),),
            origin=Origin.FACES,
            filters=MatchFilters(account_id=account),
        )
        ((answer,),) = await matching.search([query])
        assert len(answer.candidates) == 1
    finally:
        writer.stop()
        log.close()
        await index.stop()


def test_the_machine_has_memory() -> None:
    assert 1 << 28 < machine_bytes() < 1 << 50
