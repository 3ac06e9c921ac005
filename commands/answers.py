"""Answers of commands as bytes, so that an idempotent request can be answered again."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgpack

from commands.command import RequestContext
from commands.refusals import AnswerForgotten, KeyReused
from domain.log.port import Answer

_UUID, _TIME = 1, 2


def given_before(answer: Answer, context: RequestContext) -> bytes:
    """The packed answer to the same request; refuses another one, and one that is forgotten."""
    if answer.fingerprint != context.fingerprint:
        raise KeyReused(context.idempotency_key)
    if answer.result is None:
        raise AnswerForgotten(context.idempotency_key)
    return answer.result


def pack_result(result: Any) -> bytes:
    """MessagePack of a command's answer (None, text, numbers, lists, dicts, UUIDs, times)."""
    return msgpack.packb(result, default=_extend)  # type: ignore[no-any-return]


def unpack_result(packed: bytes) -> Any:
    """The answer as it was; tuples come back as lists."""
    return msgpack.unpackb(packed, ext_hook=_shorten, strict_map_key=False)


def _extend(value: Any) -> msgpack.ExtType:
    if isinstance(value, UUID):
        return msgpack.ExtType(_UUID, value.bytes)
    if isinstance(value, datetime):
        return msgpack.ExtType(_TIME, value.isoformat().encode())
    raise TypeError(f"a command answered {type(value).__name__}, which cannot be kept")


def _shorten(code: int, data: bytes) -> Any:
    if code == _UUID:
        return UUID(bytes=data)
    return datetime.fromisoformat(data.decode())
