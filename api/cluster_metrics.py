"""What `/metrics` tells of the actors on the Ray cluster that this process has joined."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class ActorMetrics(Collector):
    """Asks all actors when it is asked; those that do not answer within two seconds are not up."""

    def __init__(self, joined: Callable[[], bool]) -> None:
        self._joined = joined

    def collect(self) -> Iterable[Metric]:
        """The figures of each actor, by its name."""
        if not self._joined():
            return
        from ray_cluster import cluster_status as status

        workers, shards = status.worker_states(), status.shard_figures()
        up = {name: state is not None and state.ready for name, state in workers.items()}
        up |= {name: status.shard_is_ready(figures) for name, figures in shards.items()}
        yield _gauge("up", "Whether the actor answers and is ready", up)
        working = {name: state for name, state in workers.items() if state is not None}
        matching = {name: figures for name, figures in shards.items() if figures is not None}
        both: dict[str, tuple[int, int, int]] = {
            name: (one.waiting, one.running, one.resident)
            for found in (working, matching)
            for name, one in found.items()
        }
        for place, (what, text) in enumerate(_OF_ALL.items()):
            yield _gauge(what, text, {name: figures[place] for name, figures in both.items()})
        images = {name: state.images for name, state in working.items()}
        yield _counter("images", "Images that a worker is done with", images)
        searches = {name: figures.searches for name, figures in matching.items()}
        yield _counter("searches", "Searches that a shard has answered", searches)
        for what, text in _OF_SHARDS.items():
            yield _gauge(what, text, {name: getattr(one, what) for name, one in matching.items()})
        positions = {name: one.state.position for name, one in matching.items()}
        yield _gauge("position", "The place in the log that a shard has reached", positions)
        missing = "Places in the log that are known of and that a shard lacks"
        yield _gauge("position_behind", missing, status.behind(shards))

    def describe(self) -> Iterator[Metric]:
        """Nothing, before anybody asks: which actors there are changes."""
        return iter(())


_OF_ALL = {
    "queue_length": "Images or searches that wait",
    "running": "Calls under way",
    "memory_bytes": "Memory of the process",
}
_OF_SHARDS = {"rows": "Candidates that a shard holds", "held": "Bytes of a shard's candidates"}


def actor_registry(joined: Callable[[], bool]) -> CollectorRegistry:
    """A registry of the actors' figures, empty while no cluster is joined."""
    registry = CollectorRegistry()
    registry.register(ActorMetrics(joined))
    return registry


def _gauge(what: str, text: str, values: dict[str, int] | dict[str, bool]) -> Metric:
    family = GaugeMetricFamily(f"selene_actor_{what}", text, labels=["actor"])
    for name, value in values.items():
        family.add_metric([name], float(value))
    return family


def _counter(what: str, text: str, values: dict[str, int]) -> Metric:
    family = CounterMetricFamily(f"selene_actor_{what}", text, labels=["actor"])
    for name, value in values.items():
        family.add_metric([name], float(value))
    return family
