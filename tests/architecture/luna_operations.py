"""The table of LUNA's operations, and what of it is served.

`python -m tests.architecture.luna_operations` notes what is served now; its diff is the progress.
"""

import csv
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from api.bootstrap import build
from api.settings import Settings

TABLE = Path(__file__).with_name("luna_operations.csv")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
SERVICES = ("api", "streams", "sender", "tracking")
DERIVED = ("HEAD", "OPTIONS")
"""Methods that every resource answers beside its own; the contract names only some of them."""

EVERYWHERE = (
    "/metrics",
    "/version",
    "/healthcheck",
    "/docs/spec",
    "/docs/dev",
    "/config",
    "/plugins",
)
"""What each service says about itself, where the contract names it for only some of them."""


@dataclass(frozen=True, slots=True, order=True)
class Operation:
    """One operation: where it is, LUNA's name for it, where that is known from, and its status.

    `source` is `contract` (the published descriptions) or `client` (the reference client, partly
    guessed); `status` is `done` (served here under this name), `off` (always refused as disabled,
    for this installation has no such part) or `todo`.
    """

    service: str
    path: str
    method: str
    operation_id: str
    source: str
    status: str

    @property
    def place(self) -> tuple[str, str, str]:
        """Service, method and path."""
        return self.service, self.method, self.path


def read_table() -> list[Operation]:
    """The operations of the table."""
    with TABLE.open(newline="") as file:
        return [Operation(**row) for row in csv.DictReader(file)]


def write_table(operations: list[Operation]) -> None:
    """Write the operations in order."""
    with TABLE.open("w", newline="") as file:
        names = [field.name for field in fields(Operation)]
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(operation) for operation in sorted(operations))


@dataclass(frozen=True, slots=True)
class Served:
    """An operation as a service shows it in its OpenAPI."""

    operation_id: str
    is_off: bool

    @property
    def status(self) -> str:
        """The status of its row."""
        return "off" if self.is_off else "done"


def served() -> Mapping[tuple[str, str, str], Served]:
    """By place, everything that the four services show in their OpenAPI."""
    with tempfile.TemporaryDirectory() as directory:
        installation = build(Settings(data_dir=Path(directory)), "postgresql:///nowhere")
        documents = {name: getattr(installation, name).openapi() for name in SERVICES}
    return {
        (service, method, path): Served(
            operation.get("operationId", ""), operation.get("x-disabled", False)
        )
        for service, document in documents.items()
        for method, path, operation in operations_of(document)
    }


def operations_of(document: Any) -> list[tuple[str, str, Any]]:
    """Method, path and operation of everything in an OpenAPI document."""
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method.upper() in METHODS
    ]


def main() -> None:
    """Set each operation's status to what is served, and say what changed."""
    now = served()
    table = []
    for operation in read_table():
        here = now.get(operation.place)
        named = here is not None and here.operation_id == operation.operation_id
        status = here.status if here is not None and named else "todo"
        if status != operation.status:
            print(f"{status}: {operation.method} {operation.path} ({operation.service})")
        table.append(replace(operation, status=status))
    write_table(table)


if __name__ == "__main__":
    main()
