"""Every operation of the contract is listed as done or to do, and done ones are served."""

import csv
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from api.bootstrap import build
from api.settings import Settings
from tests.support.shared import SHARED

TABLE = Path(__file__).with_name("luna_operations.csv")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


class Operation(NamedTuple):
    """One row of the table."""

    method: str
    path: str
    operation_id: str
    state: str


def listed() -> list[Operation]:
    """The table."""
    with TABLE.open(newline="") as file:
        return [Operation(**row) for row in csv.DictReader(file)]


def operations_of(document: dict[str, Any]) -> dict[tuple[str, str], str]:
    """The operation ids of a document by method and path."""
    return {
        (method, path): item[method]["operationId"]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """What our own document says is served."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("document"))
    document = build(settings, "postgresql://nobody@localhost/nothing").api.openapi()
    return operations_of(document)


def test_states_are_done_or_todo() -> None:
    assert {operation.state for operation in listed()} <= {"done", "todo"}


def test_done_operations_are_served_under_their_names(
    served: dict[tuple[str, str], str],
) -> None:
    done = {(o.method, o.path): o.operation_id for o in listed() if o.state == "done"}
    assert {key: served.get(key) for key in done} == done


def test_operations_to_do_are_not_served(served: dict[tuple[str, str], str]) -> None:
    todo = {(o.method, o.path) for o in listed() if o.state == "todo"}
    assert todo & served.keys() == set()


def test_the_table_is_the_contract() -> None:
    contract = SHARED / "contract" / "api.openapi.yaml"
    if not contract.is_file():
        pytest.skip("the contract is not here")
    document = yaml.load(contract.read_text(), Loader=yaml.CSafeLoader)
    assert {(o.method, o.path): o.operation_id for o in listed()} == operations_of(document)
