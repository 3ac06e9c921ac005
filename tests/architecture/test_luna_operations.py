"""What the table of LUNA's operations calls done is served under LUNA's name, and no more."""

from collections.abc import Mapping
from itertools import groupby

import pytest
import yaml

from tests.architecture.luna_operations import (
    DERIVED,
    EVERYWHERE,
    Operation,
    Served,
    operations_of,
    read_table,
    served,
)
from tests.support.shared import SHARED

CONTRACT = SHARED / "contract"
DOCUMENTS = {
    "api": "api.openapi.yaml",
    "streams": "streams.openapi.yaml",
    "sender": "sender.openapi.yaml",
    "tracking": "human_tracking.yaml",
}
HINT = "run `python -m tests.architecture.luna_operations` and commit the table"


@pytest.fixture(scope="module")
def now() -> Mapping[tuple[str, str, str], Served]:
    return served()


@pytest.fixture(scope="module")
def table() -> list[Operation]:
    return read_table()


def test_done_operations_are_served_under_their_names(
    now: Mapping[tuple[str, str, str], Served], table: list[Operation]
) -> None:
    noted = [operation for operation in table if operation.status != "todo"]

    assert len(noted) > 80
    assert not [
        o
        for o in noted
        if (here := now.get(o.place)) is None
        or (here.operation_id, here.status) != (o.operation_id, o.status)
    ], HINT


def test_served_operations_are_not_called_todo(
    now: Mapping[tuple[str, str, str], Served], table: list[Operation]
) -> None:
    done = {operation.place for operation in table if operation.status != "todo"}
    paths = {(service, path) for service, _, path in done}
    unknown = []
    for service, method, path in now:
        if service == "sender":  # serves the same below both of its versions
            path = path.replace("/2/", "/1/", 1)
        derived = method in DERIVED and (service, path) in paths
        if (service, method, path) not in done and not derived and not path.endswith(EVERYWHERE):
            unknown.append((service, method, path))

    assert not unknown, f"add what is new to the table with its source, or {HINT}"


def test_names_are_unique_within_each_version_of_a_service(
    now: Mapping[tuple[str, str, str], Served],
) -> None:
    named = sorted(
        (service, path.split("/")[1], one.operation_id) for (service, _, path), one in now.items()
    )
    twice = [key for key, same in groupby(named) if len(list(same)) > 1]

    assert not twice
    assert all(name for _, _, name in named)


@pytest.mark.skipif(not CONTRACT.is_dir(), reason="the shared contract is not here")
@pytest.mark.parametrize("service", DOCUMENTS)
def test_the_table_holds_the_whole_contract(service: str, table: list[Operation]) -> None:
    document = yaml.safe_load((CONTRACT / DOCUMENTS[service]).read_text())
    wanted = {(m, path, o["operationId"]) for m, path, o in operations_of(document)}
    listed = {
        (operation.method, operation.path, operation.operation_id)
        for operation in table
        if (operation.service, operation.source) == (service, "contract")
    }

    assert listed == wanted
