"""Every refusal of the code has its place in the error catalogue, and LUNA's code if it has one."""

import csv
import importlib
import pkgutil
from collections.abc import Iterator

import pytest

from api.errors import CATALOGUE
from domain.shared.refusal import Refusal
from tests.support.shared import SHARED

LAYERS = ("domain", "commands", "projections", "ray_cluster", "api")
CONTRACT = SHARED / "contract" / "errors.csv"
TWO_MEANINGS = {11027}
"""Codes that LUNA's services use for different things."""


def refusals() -> list[type[Refusal]]:
    """All refusals of the layers, whether anything imports their module or not."""
    for layer in LAYERS:
        package = importlib.import_module(layer)
        for module in pkgutil.walk_packages(package.__path__, f"{layer}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return [kind for kind in below(Refusal) if kind.__module__.partition(".")[0] in LAYERS]


def below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    """The classes derived from this one, at any distance."""
    for derived in kind.__subclasses__():
        yield derived
        yield from below(derived)


def test_every_refusal_is_in_the_catalogue() -> None:
    missing = {f"{kind.__module__}.{kind.__name__}" for kind in refusals()} - {
        f"{kind.__module__}.{kind.__name__}" for kind in CATALOGUE
    }
    assert not missing, "list them in api/catalogue/<resource>.py"


def test_every_refusal_says_what_it_means() -> None:
    for kind in refusals():
        assert "__doc__" in vars(kind), f"{kind.__name__} needs a docstring, clients read it"
        assert (kind.__doc__ or "").strip().endswith(".")


def test_one_code_has_one_status_and_one_title() -> None:
    meaning: dict[int, tuple[int, str]] = {}
    for entry in CATALOGUE.values():
        assert 400 <= entry.status < 600
        if entry.code not in TWO_MEANINGS:
            assert meaning.setdefault(entry.code, entry[1:]) == entry[1:], entry


@pytest.mark.skipif(not CONTRACT.is_file(), reason="the shared contract is not here")
def test_codes_of_the_contract_have_its_status_and_title() -> None:
    with CONTRACT.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["http_status"] not in ("", "200")]
    said = {(int(row["error_code"]), int(row["http_status"]), row["desc"]) for row in rows}
    known = {code for code, _, _ in said}
    for kind, entry in CATALOGUE.items():
        if entry.code in known - TWO_MEANINGS:
            assert tuple(entry) in said, kind.__name__
