"""The one writer of a process: runs commands in turn, commits many in one transaction."""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from commands.answers import given_before, pack_result, unpack_result
from commands.command import Command, CommandTable, RequestContext
from commands.refusals import (
    ChangedMeanwhile,
    NameTaken,
    Overloaded,
    Stopping,
)
from commands.store import Session, SessionStore
from domain.log.port import (
    Answer,
    AnswerKey,
    Batch,
    Committed,
    ConstraintBroken,
    DatabaseUnavailable,
    DecideAgain,
    Log,
    OutcomeUnknown,
)
from domain.shared.refusal import Refusal

log = logging.getLogger(__name__)

R = TypeVar("R")
Observer = Callable[[Committed], None]


class Future(Protocol):
    """Where an answer goes: the part of `asyncio.Future` that the writer uses."""

    def set_result(self, result: Any, /) -> None:
        """The command's answer."""

    def set_exception(self, exception: BaseException, /) -> None:
        """Why there is none."""

    def done(self) -> bool:
        """Whether nobody waits any more."""
        ...


@dataclass(slots=True)
class _Item:
    command: Command[Any]
    context: RequestContext
    future: Future
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None


class GroupCommitWriter:
    """Takes commands from any number of requests and commits up to `max_batch` at a time.

    Commands run one after the other on the writer's thread and see each other's effects. An
    answer is given after the commit, and after every observer has seen the new facts (so that
    what was created can be matched at once). When a batch cannot be committed, because of a
    conflict with another process or because of one command in it, it runs again, command by
    command.
    """

    def __init__(
        self,
        log: Log,
        commands: CommandTable,
        *,
        observers: Sequence[Observer] = (),
        constraint_refusals: Mapping[str, type[Refusal]] | None = None,
        admit: Callable[[Batch], None] = lambda _: None,
        max_batch: int = 128,
        max_waiting: int = 4096,
        attempts: int = 5,
    ) -> None:
        self._log = log
        self._commands = commands
        self._observers = observers
        self._constraint_refusals = constraint_refusals or {}
        self._admit = admit
        self._max_batch, self._max_waiting, self._attempts = max_batch, max_waiting, attempts
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._open = False
        self._thread: threading.Thread | None = None
        self.position = 0

    def start(self) -> None:
        """Begin to take commands."""
        self.position = self._log.position()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._open = True
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, then end; what comes later is refused."""
        with self._gate:
            self._open = False
        if self._thread:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    async def send(self, command: Command[R], context: RequestContext | None = None) -> R:
        """Run the command and answer once its changes are on disk; raises its refusal."""
        if (waiting := self._queue.qsize()) >= self._max_waiting:
            raise Overloaded(waiting)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        with self._gate:
            if not self._open:
                raise Stopping
            self._queue.put(_Item(command, context or RequestContext(), future, loop))
        return await future

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if item is None:
                return
            items = [item]
            closing = False
            while len(items) < self._max_batch and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    closing = True
                    break
                items.append(following)
            self._take(items)
            if closing:
                return

    def _take(self, items: list[_Item]) -> None:
        rest = items
        while rest:
            done, rest = self._transaction(rest)
            _answer(done)

    def _transaction(self, items: list[_Item]) -> tuple[list[_Item], list[_Item]]:
        """Run and commit as many of the items as fit one transaction; the others are left."""
        session = Session(self._log)
        written: set[UUID] = set()
        taken: list[_Item] = []
        try:
            for item in items:
                taken.append(item)
                spoiled = self._decide(item, session, written)
                if spoiled:  # a refusal left half-changed aggregates in the session: commit first
                    break
            self._commit(session)
        except (DatabaseUnavailable, OutcomeUnknown) as refusal:
            for item in taken:  # also those refused because of what others here had changed
                item.error = refusal
        except Exception:  # a conflict, a unique rule, or what one of the commands wrote
            for item in taken:
                self._alone(item)
        return taken, items[len(taken) :]

    def _decide(self, item: _Item, session: Session, written: set[UUID]) -> bool:
        item.result = item.error = None
        store = SessionStore(session, item.context.request_id)
        try:
            key, known = self._answered(item, session)
            if known is not None:
                item.result = unpack_result(known)
                return False
            item.result = self._commands[type(item.command)](item.command, store)
            batch = store.finish(written)
            self._admit(batch)
            if key is not None:
                subjects = batch.subjects() if item.command.tells else ()
                result = pack_result(item.result)
                batch.answers[key] = Answer(item.context.fingerprint, result, subjects)
        except Exception as error:  # a refusal, or a bug that is this request's alone
            item.error = error
            return store.changed
        written.update(event.originator_id for event, _ in batch.events)
        session.batch.add(batch)
        return False

    def _answered(self, item: _Item, session: Session) -> tuple[AnswerKey | None, bytes | None]:
        context = item.context
        if not context.idempotency_key:
            return None, None
        name = type(item.command).__name__
        key = AnswerKey(item.command.account_id, context.idempotency_key, name)
        answer = session.batch.answers.get(key) or self._log.answers([key]).get(key)
        return key, None if answer is None else given_before(answer, context)

    def _alone(self, item: _Item) -> None:
        for attempt in range(self._attempts):
            session = Session(self._log)
            self._decide(item, session, set())
            if item.error is not None:
                return
            try:
                self._commit(session)
                return
            except DecideAgain:
                time.sleep(0.001 * attempt)
            except ConstraintBroken as broken:
                name = str(broken.args[0])
                item.error = self._constraint_refusals.get(name, NameTaken)(name)
                return
            except Exception as error:  # nobody is told that it worked
                item.error = error
                return
        item.error = ChangedMeanwhile()

    def _commit(self, session: Session) -> None:
        if not session.batch:
            return
        committed = self._log.commit(session.batch)
        self.position = max(self.position, committed.position)
        for observe in self._observers:
            try:
                observe(committed)
            except Exception:  # it is committed and must be answered so, whoever failed to look
                log.exception("an observer of the log failed", extra={"observer": repr(observe)})


def _answer(items: list[_Item]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Item]] = {}
    for item in items:
        by_loop.setdefault(item.loop, []).append(item)
    for loop, theirs in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed, so nobody waits there any more
            loop.call_soon_threadsafe(_resolve, theirs)


def _resolve(items: list[_Item]) -> None:
    for item in items:
        if item.future.done():  # the client went away; what it asked is done all the same
            continue
        if item.error is not None:
            item.future.set_exception(item.error)
        else:
            item.future.set_result(item.result)
