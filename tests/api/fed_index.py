"""Match indexes that follow a log, and writers of that log, for tests."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from api.workers.index_feeder import IndexFeeder
from commands.command import Command
from commands.faces import (
    AttachFaces,
    CreateFace,
    DeleteFaces,
    DetachFaces,
    PutFaceAttributes,
    RemoveFaceAttributes,
)
from commands.lists import DeleteLists, DissolveLists, RetireLists
from commands.router import COMMANDS
from commands.writer import GroupCommitWriter
from domain.attributes import AttributeContent, DescriptorData
from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.refusal import Refusal
from domain.shared.similarity import Calibration
from inference.matching.snapshots import Snapshots
from ray_cluster.local_matching import LocalMatching
from ray_cluster.matching import MatchFilters, Matching, MatchQuery, Origin
from tests.support.log import MASTER, open_log
from tests.support.writing import ACCOUNT

DIMENSION = 8
FEATURE = DescriptorFeature(DescriptorKind.FACE, 1, DIMENSION, Calibration(12.0, -5.0))

Found = dict[UUID, float]
"""What a search finds: similarity by face."""


@dataclass(frozen=True, slots=True)
class Fed:
    """An index with the feeder that follows the log for it."""

    feeder: IndexFeeder
    matching: Matching

    async def find(self, list_id: UUID | None = None) -> Found:
        """All faces of the account, or of one of its lists."""
        reference = Descriptor(DescriptorKind.FACE, 1, vector(0))
        filters = MatchFilters(account_id=ACCOUNT, list_id=list_id)
        query = MatchQuery(
            references=(reference,), origin=Origin.FACES, filters=filters, limit=1000
        )
        ((answer,),) = await self.matching.search([query])
        return {hit.candidate_id: round(hit.similarity, 6) for hit in answer.candidates}


def vector(seed: int) -> bytes:
    numbers = np.random.default_rng(seed).standard_normal(DIMENSION).astype("<f4")
    return bytes((numbers / np.linalg.norm(numbers)).astype("<f4"))


def content(seed: int) -> AttributeContent:
    return AttributeContent((DescriptorData(1, vector(seed)),))


@asynccontextmanager
async def fed(dsn: str, directory: Path | None = None) -> AsyncIterator[Fed]:
    snapshots = None if directory is None else Snapshots(directory, b"key")
    matching = LocalMatching([FEATURE], threads=1, snapshots=snapshots)
    feeder = IndexFeeder(dsn, MASTER, matching)
    try:
        feeder.start()
        yield Fed(feeder, matching)
    finally:
        feeder.stop()
        await matching.close()


@asynccontextmanager
async def writing(dsn: str, feeder: IndexFeeder | None = None) -> AsyncIterator[GroupCommitWriter]:
    """A writer that tells the feeder of its commits, or one of another process that does not."""
    log = open_log(dsn)
    observers = [] if feeder is None else [feeder.committed]
    writer = GroupCommitWriter(log, COMMANDS, observers=observers, attempts=100)
    writer.start()
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.stop)
        log.close()


async def life(writer: GroupCommitWriter, seed: int, lists: list[UUID], faces: list[UUID]) -> None:
    """Faces with vectors come, change, move between lists and go; refusals are part of it."""
    chance = random.Random(seed)
    said: dict[str, Any] = {"account_id": ACCOUNT}
    for number in range(120):
        some = tuple(chance.choices(faces, k=3)) if faces else ()
        one = chance.choice(lists)
        command: Command[Any]
        match chance.randrange(10):
            case 0 | 1 | 2 | 3:
                attribute = content(seed + number) if chance.random() < 0.8 else None
                command = CreateFace(**said, attribute=attribute, list_ids=(one,))
                faces.append(command.face_id)
            case 4 | 5 if some:
                command = AttachFaces(**said, list_id=one, face_ids=some)
            case 6 if some:
                command = DetachFaces(**said, list_id=one, face_ids=some[:1])
            case 7 if some:
                command = PutFaceAttributes(
                    **said, face_id=some[0], attribute=content(seed - number)
                )
            case 8 if some:
                command = RemoveFaceAttributes(**said, face_id=some[0])
            case _ if some and chance.random() < 0.7:
                command = DeleteFaces(**said, face_ids=some[:1], ignore_missing=True)
            case _:
                kind = chance.choice([DeleteLists, DissolveLists, RetireLists])
                command = kind(**said, list_ids=(lists[-1],))
        try:
            await writer.send(command)
        except Refusal:
            continue
