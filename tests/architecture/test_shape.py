"""The code's shape: short files that say what they are, in layers that point inwards."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.support.shared import ROOT

LONGEST_FILE = 300
CONTRACTS: list[str] = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
]


def python_files() -> list[Path]:
    """Every Python file of the repository that exists here, and is not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


FILES = python_files()


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check() -> None:
    layers = {named(path).partition("/")[0] for path in FILES}

    assert layers >= {"api", "commands", "domain", "inference", "projections", "tests"}
    assert len(CONTRACTS) >= 4


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in FILES}

    assert not {name: length for name, length in lengths.items() if length > LONGEST_FILE}


def test_packages_are_empty_and_modules_say_what_they_are() -> None:
    silent = []
    for path in FILES:
        text = path.read_text()
        if path.name == "__init__.py" and not named(path).startswith("sdk/"):
            assert text == "", f"{named(path)} must stay empty"
        elif not ast.get_docstring(ast.parse(text)):
            silent.append(named(path))

    assert not silent, "these modules have no docstring"


def test_whatever_is_public_says_what_it_is() -> None:
    """Outside the tests, whose names say it."""
    silent = []
    for path in FILES:
        if named(path).startswith("tests/"):
            continue
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            inner = node.body if isinstance(node, ast.ClassDef) else []
            functions = [n for n in inner if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
            silent += [
                f"{named(path)}:{thing.lineno} {thing.name}"
                for thing in (node, *(functions if not node.name.startswith("_") else []))
                if not thing.name.startswith("_")
                and not ast.get_docstring(thing)
                and not _overrides(thing)
            ]

    assert not silent


def _overrides(thing: ast.stmt) -> bool:
    """Setters and stubs of protocols say it once, at the property or in the class."""
    body = getattr(thing, "body", [])
    is_stub = len(body) == 1 and isinstance(body[0], ast.Expr) and _is_ellipsis(body[0].value)
    decorators = [ast.unparse(d) for d in getattr(thing, "decorator_list", [])]
    return is_stub or any(d.endswith((".setter", "overload")) for d in decorators)


def _is_ellipsis(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is ...


@cache
def import_report() -> str:
    """What import-linter says of this tree, contract by contract."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT, capture_output=True, text=True, env={"PATH": "", "COLUMNS": "200"},
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize("contract", CONTRACTS)
def test_imports_keep_the_contract(contract: str) -> None:
    report = import_report()

    assert f"{contract} KEPT" in report, report
