"""One event of every class and version as it was once written, which must load for ever.

`python -m tests.support.event_samples` adds the samples that are missing; none ever changes.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.persistence import StoredEvent

from domain.log.mapper import EventMapper
from domain.log.topics import event_classes
from tests.support.event_values import example_for, fields_of, made

DIRECTORY = Path(__file__).resolve().parents[1] / "domain" / "event_samples"
DIGESTS = DIRECTORY / "SHA256SUMS"
KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Sample:
    """A stored event, the version of its class that wrote it, and its subject's key."""

    path: Path
    class_version: int
    stored: StoredEvent
    key: bytes


def read_samples() -> Iterator[Sample]:
    """Every sample, by name."""
    for path in sorted(DIRECTORY.glob("*.json")):
        said = json.loads(path.read_text())
        stored = StoredEvent(
            UUID(said["originator_id"]),
            said["originator_version"],
            said["topic"],
            orjson.dumps(said["state"]),
        )
        version = said["state"].get("_v", 1)
        yield Sample(path, version, stored, b64decode(said["key"]))


def path_of(event_class: type[Any]) -> Path:
    """Where the sample of the class in its present version is."""
    version = getattr(event_class, "class_version", 1)
    return DIRECTORY / f"{event_class.TOPIC}.v{version}.json"


def read_digests() -> dict[str, str]:
    """The digest each sample had when it was added."""
    lines = DIGESTS.read_text().splitlines() if DIGESTS.exists() else []
    return {name: digest for digest, name in (line.split() for line in lines)}


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Add what is missing, and say so."""
    DIRECTORY.mkdir(exist_ok=True)
    digests = read_digests()
    for event_class in event_classes().values():
        path = path_of(event_class)
        if path.name in digests:
            continue
        event = made(event_class, {n: example_for(h) for n, h in fields_of(event_class).items()})
        stored = EventMapper().encode(event, KEY, "1735689600,00000000-0000-4000-8000-000000000000")
        said = {
            "topic": stored.topic,
            "originator_id": str(stored.originator_id),
            "originator_version": stored.originator_version,
            "key": b64encode(KEY).decode(),
            "state": json.loads(stored.state),
        }
        path.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n")
        digests[path.name] = digest_of(path)
        print(f"added {path.name}")
    DIGESTS.write_text("".join(f"{d}  {name}\n" for name, d in sorted(digests.items())))


if __name__ == "__main__":
    main()
