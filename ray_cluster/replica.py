"""One named actor with the networks, as one driver sees it."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import ray
import structlog
from ray.exceptions import RayActorError, RayError, RayTaskError

from domain.shared.model_features import RoleFeature
from domain.shared.refusal import Refusal
from ray_cluster.connection import NAMESPACE
from ray_cluster.model_worker import Asker, ModelWorker, WorkerOptions, WorkerState

log = structlog.get_logger("selene.models")

PREFIX: Final = "models:"
_LOAD_S: Final = 120.0
_CALL_S: Final = 120.0
_AGAIN_S: Final = 0.2
_LOOK_S: Final = 10.0


class ReplicaLost(Exception):
    """The actor, its node or the way to it is gone; the work may be done by another."""


class WorkerUnfit(Exception):
    """A worker has other networks than this process expects, or cannot run them."""


class Replica:
    """An actor that comes back by itself: found by its name, made when there is none.

    Being alive is the actor's matter, being ready is having loaded the models since.
    """

    def __init__(self, name: str, options: WorkerOptions, digest: str) -> None:
        self.name = name
        self._options, self._digest = options, digest
        self._actor: Any = None
        self.ready = False
        self.in_flight = 0  # calls, counted by whoever makes them
        self.features: list[RoleFeature] = []

    async def become_ready(self) -> None:
        """Until the actor has loaded its models, however often it must be tried.

        What the worker refuses (a pack that is not there, no GPU) is raised.
        """
        while True:
            try:
                await asyncio.wait_for(self._load(), _LOAD_S)
            except RayTaskError as error:
                cause = _cause(error)
                raise cause if isinstance(cause, Refusal) else WorkerUnfit(str(cause)) from None
            except (RayError, TimeoutError, ValueError) as error:
                self._actor = None  # dead for good, or in another life of the cluster
                log.info("a model worker is not ready yet", name=self.name, why=_first_line(error))
                await asyncio.sleep(_AGAIN_S)
            else:
                self.ready = True
                return

    async def work(self, kind: str, wanted: Any, asker: Asker, lists: Sequence[Any]) -> list[Any]:
        """One call with lists, or references to lists; `ReplicaLost` when nobody answers."""
        try:
            answer = self._actor.work.remote(kind, wanted, asker, *lists)
            results: list[Any] = await asyncio.wait_for(_awaited(answer), _CALL_S)
            return results
        except RayTaskError as error:
            raise _cause(error) from None
        except (RayError, TimeoutError) as error:
            self.ready = False
            if isinstance(error, TimeoutError):  # it hangs; another life may do better
                ray.kill(self._actor, no_restart=False)
            raise ReplicaLost(f"{self.name}: {_first_line(error)}") from None

    async def look(self) -> bool:
        """Whether it still has the models: an idle one may have died and come back without."""
        try:
            asked = self._actor.state.options(concurrency_group="look").remote()
            state: WorkerState = await asyncio.wait_for(_awaited(asked), _LOOK_S)
        except (RayError, TimeoutError):
            return False
        return state.ready

    def retire(self) -> None:
        """End the actor for good."""
        self.ready = False
        if self._actor is not None:
            ray.kill(self._actor)

    async def _load(self) -> None:
        if self._actor is None:
            self._actor = await asyncio.to_thread(actor, self.name, self._options)
        loading = self._actor.load.options(concurrency_group="look").remote()
        digest, self.features = await _awaited(loading)
        if digest != self._digest:
            raise WorkerUnfit(f"{self.name} has other networks than the pack {self._options.pack}")


def actor(name: str, options: WorkerOptions) -> Any:
    """The detached actor of this name: what is there already, or a new one on the emptiest node."""
    # One call works at a time, since a call uses one core; questions are answered meanwhile.
    remote: Any = ray.remote
    deployed = remote(concurrency_groups={"look": 2})(ModelWorker)
    return deployed.options(
        name=name,
        namespace=NAMESPACE,
        get_if_exists=True,
        lifetime="detached",
        max_restarts=-1,
        max_task_retries=0,
        num_cpus=1,
        num_gpus=1 if options.gpu else 0,
        scheduling_strategy="SPREAD",
    ).remote(options)


async def put(items: Sequence[Any]) -> Any:
    """A reference to items in shared memory, so that a second try need not send them again."""
    return await asyncio.to_thread(ray.put, items)


async def _awaited(reference: Any) -> Any:
    return await asyncio.wrap_future(reference.future())


def _cause(error: Exception) -> Exception:
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Exception) else error


def _first_line(error: BaseException) -> str:
    kind = type(error).__name__
    if isinstance(error, RayActorError):
        return kind
    return f"{kind}: {error}".splitlines()[0][:200]
