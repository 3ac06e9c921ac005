"""Requests that were answered before under the same Idempotency-Key."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from commands.answers import given_before, unpack_result
from commands.command import Command, RequestContext
from commands.refusals import KeyReused
from commands.repeated import KeepAnswer
from commands.writer import GroupCommitWriter
from domain.log.port import AnswerKey
from projections.answers import KeptAnswers

R = TypeVar("R")


async def answered_before(
    kept: KeptAnswers, context: RequestContext, account_id: UUID, command: type[Command[R]]
) -> R | None:
    """What the command answered to the first such request: looked up before costly work.

    The writer looks once more, so that of two requests at the same time one is answered twice.
    """
    if not context.idempotency_key:
        return None
    key = AnswerKey(account_id, context.idempotency_key, command.__name__)
    answer = await asyncio.to_thread(kept.find, key)
    if answer is None:
        return None
    found: R = unpack_result(given_before(answer, context))
    return found


async def answered_once(
    writer: GroupCommitWriter,
    kept: KeptAnswers,
    context: RequestContext,
    account_id: UUID,
    make: Callable[[], Awaitable[R]],
    undo: Callable[[R], Awaitable[None]],
) -> R:
    """What `make` answers, or what it answered to the first such request.

    For what leaves no facts. Of several requests at the same time each makes something; what is
    not in the answer is undone.
    """
    if not context.idempotency_key:
        return await make()
    known: R | None = await answered_before(kept, context, account_id, KeepAnswer)
    if known is not None:
        return known
    made = await make()
    try:
        first: R = await writer.send(KeepAnswer(account_id=account_id, answer=made), context)
    except KeyReused:
        await undo(made)
        raise
    if first is not made:
        await undo(made)
    return first
