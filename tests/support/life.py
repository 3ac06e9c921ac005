"""A log that lives: faces and lists come, change and go."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Identifier

from commands.faces import AttachFaces, CreateFace, DeleteFaces, DetachFaces, EditFace
from commands.lists import CreateList, DeleteLists
from commands.writer import GroupCommitWriter
from domain.shared.refusal import Refusal
from projections.history import PostgresLog
from tests.support.log import open_log
from tests.support.writing import ACCOUNT, running


async def some_life(writer: GroupCommitWriter, seed: int, times: int) -> None:
    """Faces and lists come, change and go; refusals are part of life."""
    chance = random.Random(seed)
    faces: list[UUID] = []
    lists = [await writer.send(CreateList(account_id=ACCOUNT))]
    for number in range(times):
        match chance.randrange(8):
            case 0 | 1 | 2:
                face = CreateFace(account_id=ACCOUNT, user_data=f"{seed}/{number}")
                faces.append(await writer.send(face))
                continue
            case 3:
                command: Any = CreateList(account_id=ACCOUNT)
            case 4:
                command = DeleteLists(account_id=ACCOUNT, list_ids=(chance.choice(lists),))
        if not faces:
            continue
        face_id, list_id = chance.choice(faces), chance.choice(lists)
        match chance.randrange(6):
            case 0:
                command = DeleteFaces(account_id=ACCOUNT, face_ids=(face_id,))
            case 1 | 2:
                command = AttachFaces(account_id=ACCOUNT, list_id=list_id, face_ids=(face_id,))
            case 3:
                command = DetachFaces(account_id=ACCOUNT, list_id=list_id, face_ids=(face_id,))
            case 4:
                changes = {"user_data": f"changed {number}"}
                command = EditFace(account_id=ACCOUNT, face_id=face_id, changes=changes)
            case 5:
                command = CreateList(account_id=ACCOUNT)
        try:
            answer = await writer.send(command)
        except Refusal:
            continue
        if isinstance(command, CreateList):
            lists.append(answer)


@contextmanager
def opened(dsn: str) -> Iterator[PostgresLog]:
    log = open_log(dsn)
    yield log
    log.close()


def live(dsn: str, times: int, clients: int = 4) -> None:
    async def run() -> None:
        with opened(dsn) as log:
            async with running(log, attempts=50) as writer:
                await asyncio.gather(*(some_life(writer, n, times) for n in range(clients)))

    asyncio.run(run())


def rows_of(dsn: str, name: str) -> list[Any]:
    with psycopg.connect(dsn) as connection:
        query = SQL("SELECT * FROM {} ORDER BY 1").format(Identifier(name))
        return connection.execute(query).fetchall()


def objects_like(dsn: str, pattern: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT relname FROM pg_class WHERE relname LIKE %s", [pattern])
        return {row[0] for row in rows}
