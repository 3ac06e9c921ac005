"""The shape of the code: file lengths, docstrings, empty packages, what may import what."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shared import ROOT

PACKAGES = ("api", "commands", "domain", "inference", "projections", "ray_cluster", "tests")
LONGEST = 300


def sources() -> list[Path]:
    """Every Python file of the project."""
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sources()}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}


def test_packages_are_empty() -> None:
    filled = [path for path in sources() if path.name == "__init__.py" and path.read_text().strip()]
    assert filled == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        path.relative_to(ROOT)
        for path in sources()
        if path.name != "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("package", ["api", "commands", "domain", "projections", "ray_cluster"])
def test_every_public_class_and_function_says_what_it_is(package: str) -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in (ROOT / package).rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_imports_point_inwards() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    if not linter.exists():
        pytest.skip("import-linter is not installed beside this Python")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("word", ["NotImplementedError", "TODO", "FIXME", "XXX"])
def test_nothing_is_left_hollow(word: str) -> None:
    here = Path(__file__)
    assert [path for path in sources() if path != here and word in path.read_text()] == []
