"""Every domain event by the topic it is stored under."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from typing import Any

from eventsourcing.domain import DomainEvent
from eventsourcing.utils import resolve_topic

import domain


@cache
def event_classes() -> dict[str, type[Any]]:
    """All event classes that have a `TOPIC`, by topic; imports the whole of `domain`.

    Whoever reads the log must know the topics of all facts, also those of modules that nothing
    else has imported.
    """
    for module in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(module.name)
    declared: dict[str, type[Any]] = {}
    for event_class in _below(DomainEvent):
        topic = vars(event_class).get("TOPIC")
        if topic is None or not event_class.__module__.startswith("domain."):
            continue
        if declared.setdefault(topic, event_class) is not event_class:
            raise ValueError(f"two event classes are stored as {topic}")
    # The library derives the classes it uses from those that were declared.
    return {topic: resolve_topic(topic) for topic in sorted(declared)}


def topics_of(classes: frozenset[type[Any]]) -> list[str]:
    """The topics of event classes, in order."""
    return sorted(event_class.TOPIC for event_class in classes)


def _below(event_class: type[Any]) -> Iterator[type[Any]]:
    for subclass in event_class.__subclasses__():
        yield subclass
        yield from _below(subclass)
