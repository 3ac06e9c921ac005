"""Works on tasks in threads of its own, one part of one task at a time and thread."""

import asyncio
import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog

from api.http.request_id import new_request_id
from api.services import Services
from api.workers.tasks.kind import TaskKind, TaskStopped, Work
from api.workers.tasks.kinds import kind_of
from api.workers.tasks.leases import Leases, lock_of_subtask, lock_of_task
from api.workers.tasks.steps import TRANSIENT, collect, do_part, set_out
from domain.log.port import Committed
from domain.shared.enums import TaskStatus
from domain.task_errors import TaskNotFound, task_key
from domain.tasks import OVER, Task
from projections.database import Row
from projections.task_parts import open_subtasks
from projections.tasks import get_task, open_tasks

log = structlog.stdlib.get_logger("selene.tasks")

_NEWS: Final = frozenset({Task.Created, Task.SubtaskCreated, Task.CollectionStarted})
_ENDS: Final = frozenset({Task.Cancelled, Task.Deleted})
_NICENESS: Final = 10
_LOOK_S: Final = 1.0  # how often a part looks whether another process cancelled its task


class TaskRunner:
    """The threads of one process; several processes may work on the parts of one task.

    What is to be done stands in the read model, so work goes on after a restart, whatever ended
    the process. A step that failed for a passing reason is made again after `retry_s`.
    """

    def __init__(
        self,
        services: Services,
        *,
        threads: int = 2,
        interval_s: float = 2.0,
        retry_s: float = 1.0,
    ) -> None:
        self._services = services
        self._interval_s, self._retry_s = interval_s, retry_s
        self._stopping = threading.Event()
        self._wakes = [threading.Event() for _ in range(threads)]
        self._threads: list[threading.Thread] = []
        self._at_work: list[UUID] = []
        self._ended: set[UUID] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin, with what is left from before; `wait` of a work waits on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._threads = [
            threading.Thread(target=self._work, args=(wake,), name=f"tasks-{n}", daemon=True)
            for n, wake in enumerate(self._wakes)
        ]
        for thread in self._threads:
            thread.start()

    async def stop(self) -> None:
        """Leave the rest to the next start; parts at work stop as soon as they ask."""
        self._stopping.set()
        self._wake()
        for thread in self._threads:
            await asyncio.to_thread(thread.join)
        self._threads = []

    def committed(self, committed: Committed) -> None:
        """The writer's observer: look at once when there is something to do or to stop."""
        kinds = [type(fact.event) for fact in committed.facts]
        if not _NEWS.isdisjoint(kinds):
            self._wake()
        if not _ENDS.isdisjoint(kinds):
            ended = {f.originator_id for f in committed.facts if type(f.event) in _ENDS}
            self._ended.update(ended.intersection(self._at_work))

    def _wake(self) -> None:
        for wake in self._wakes:
            wake.set()

    def _work(self, wake: threading.Event) -> None:
        with contextlib.suppress(OSError):  # where threads have no niceness of their own
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        leases = Leases(self._services.dsn)
        while not self._stopping.is_set():
            wake.clear()
            try:
                worked, pause = self._one(leases), self._interval_s
            except TRANSIENT as reason:
                log.warning("a task is at a halt, trying again", reason=str(reason))
                worked, pause = False, self._retry_s
                self._stopping.wait(pause)
            except Exception:  # a bug of the runner must not end the work on all tasks
                log.exception("the task runner failed, trying again")
                worked, pause = False, self._retry_s
                self._stopping.wait(pause)
            if not worked and not self._stopping.is_set():
                wake.wait(pause)
        leases.close()

    def _one(self, leases: Leases) -> bool:
        """Make one step of one task; whether there was one to make."""
        for row in open_tasks(self._services.reader):
            if (kind := kind_of(row["task_type"])) is not None and self._step(leases, row, kind):
                return True
        return False

    def _step(self, leases: Leases, row: Row, kind: TaskKind) -> bool:
        task_id = row["task_id"]
        at_work = row["task_status"] != TaskStatus.COLLECTING_RESULTS
        if not at_work or not row["count_task_parts_all"]:
            with leases.lease(lock_of_task(task_id)) as taken:
                return taken and self._with_work(row, kind, set_out if at_work else collect)
        for subtask_id in open_subtasks(self._services.reader, task_id):
            with leases.lease(lock_of_subtask(subtask_id)) as taken:
                if taken:
                    return self._with_work(row, kind, do_part, subtask_id)
        return False

    def _with_work(self, row: Row, kind: TaskKind, step: Any, *subtask: int) -> bool:
        with tempfile.TemporaryDirectory(prefix="selene-task-") as folder:
            work = Work(
                account_id=row["account_id"],
                task_id=row["task_id"],
                subtask_id=subtask[0] if subtask else None,
                services=self._services,
                folder=Path(folder),
                request_id=new_request_id(),
                wait_for=self._wait_for,
                is_stopped=self._stop_of(row["task_id"], row["account_id"]),
            )
            task = task_key(work.task_id)
            self._at_work.append(task)
            try:
                with contextlib.suppress(TaskStopped, TaskNotFound):
                    step(work, kind, *subtask)
            finally:
                self._at_work.remove(task)
                if task not in self._at_work:
                    self._ended.discard(task)
        return True

    def _wait_for(self, answer: Awaitable[Any]) -> Any:
        async def whole() -> Any:
            return await answer

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(whole(), self._loop).result()

    def _stop_of(self, task_id: int, account_id: UUID) -> Any:
        """What tells a part whether to stop; looks into the read model now and then."""
        task, looked, found = task_key(task_id), time.monotonic(), False

        def is_stopped() -> bool:
            nonlocal looked, found
            if found or self._stopping.is_set() or task in self._ended:
                return True
            if time.monotonic() - looked > _LOOK_S:
                looked = time.monotonic()
                try:
                    status = get_task(self._services.reader, account_id, task_id)["task_status"]
                    found = status in OVER
                except TaskNotFound:
                    found = True
            return found

        return is_stopped
