"""Sends events to the addresses that handlers name, until they are taken or given up."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog

from api.url_guard import UrlGuard, UrlRefused
from domain.log.port import Committed
from domain.shared.callbacks import LONGEST_TIMEOUT_S, SignedCallback
from projections.database import Reader, Row
from projections.deliveries import (
    accounts_with_due,
    claim_deliveries,
    delivered,
    give_up,
    try_again,
)

log = structlog.stdlib.get_logger("selene.callbacks")

WAITS_S: Final = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)
"""How long after each failure a message is sent again; after the last one it is given up."""

_AT_ONCE: Final = 32
_OF_ONE_ACCOUNT: Final = 8
_LEASE_S: Final = LONGEST_TIMEOUT_S + 30.0
_MAYBE_LATER: Final = frozenset({408, 409, 425, 429})


class CallbackSender:
    """One per process; messages wait in the database, so that none is lost with a process.

    Each is sent at least once: whoever takes a message knows it again by its `Selene-Delivery`.
    A message that is at hand when the process dies is sent again when its lease is over. Only so
    many are at hand at once, and of one account fewer, so that an address that does not answer
    delays nobody else's.
    """

    def __init__(
        self,
        reader: Reader,
        guard: UrlGuard,
        *,
        interval_s: float = 1.0,
        waits_s: Sequence[float] = WAITS_S,
    ) -> None:
        self._reader = reader
        self._guard = guard
        self._interval_s = interval_s
        self._waits_s = waits_s
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._at_hand: set[asyncio.Task[None]] = set()
        self._of_account: Counter[UUID] = Counter()

    def start(self) -> None:
        """Begin, on the running event loop, with what is left from before."""
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._run(), name="callback-sender")

    async def stop(self) -> None:
        """Send no more; what is at hand is sent again by the next start."""
        tasks = [*self._at_hand, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._task = None

    def committed(self, committed: Committed) -> None:
        """The writer's observer: look at once when there is something to send."""
        if committed.batch.deliveries and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self._claim()
            except Exception:  # the database is away, say: what waits goes on waiting
                log.exception("callbacks cannot be read, trying again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._interval_s)

    async def _claim(self) -> None:
        """Take in hand what is due, as far as there is room."""
        if len(self._at_hand) >= _AT_ONCE:
            return
        for account_id in await asyncio.to_thread(accounts_with_due, self._reader):
            free = min(
                _AT_ONCE - len(self._at_hand), _OF_ONE_ACCOUNT - self._of_account[account_id]
            )
            if free <= 0:
                continue
            rows = await asyncio.to_thread(
                claim_deliveries, self._reader, account_id, free, _LEASE_S
            )
            for row in rows:
                self._of_account[account_id] += 1
                task = asyncio.create_task(self._send(row))
                self._at_hand.add(task)
                task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._at_hand.discard(task)
        self._wake.set()  # there is room for another one

    async def _send(self, row: Row) -> None:
        try:
            reason, final = await self._post(row)
            await asyncio.to_thread(self._note, row, reason, final)
        except Exception:  # the database is away, say: the lease will end
            log.exception("it is not known whether a callback was taken")
        finally:
            self._of_account[row["account_id"]] -= 1
            if not self._of_account[row["account_id"]]:
                del self._of_account[row["account_id"]]

    async def _post(self, row: Row) -> tuple[str, bool]:
        """Why the message was not taken, empty when it was, and whether it never will be."""
        callback = SignedCallback.model_validate(row["callback"])
        delivery_id, message = str(row["delivery_id"]), bytes(row["message"])
        own = {
            "Selene-Delivery": delivery_id,
            "Luna-Request-Id": row["request_id"],
            **callback.signed(delivery_id, message),
        }
        try:
            status = await self._guard.post(
                callback.url,
                message,
                {**callback.headers, **own},
                patience_s=callback.params.timeout,
            )
        except UrlRefused as refused:
            return refused.args[1], False
        if 200 <= status < 300:
            return "", False
        later = status >= 500 or status in _MAYBE_LATER
        return f"the answer has status {status}", not later

    def _note(self, row: Row, reason: str, final: bool) -> None:
        """Write down how it ended."""
        delivery_id: Any = row["delivery_id"]
        if not reason:
            delivered(self._reader, delivery_id)
        elif final or row["attempts"] > len(self._waits_s):
            log.warning("a callback was given up", delivery_id=str(delivery_id), reason=reason)
            give_up(self._reader, delivery_id, reason)
        else:
            try_again(self._reader, delivery_id, reason, self._waits_s[row["attempts"] - 1])
