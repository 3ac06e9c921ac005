"""ONNX Runtime is loaded before usearch, whatever a process imports first."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("domain", "commands", "projections", "inference", "ray_cluster", "api")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_both_work_in_one_process_when_they_come_through_native() -> None:
    done = run(
        "import numpy as np\n"
        "from inference.native import onnxruntime, usearch\n"
        "from onnx import TensorProto, helper\n"
        "x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in 'xy')\n"
        "graph = helper.make_graph([helper.make_node('Abs', ['x'], ['y'])], 'g', [x], [y])\n"
        "opset = [helper.make_opsetid('', 13)]\n"
        "model = helper.make_model(graph, opset_imports=opset, ir_version=8)\n"
        "session = onnxruntime.InferenceSession(\n"
        "    model.SerializeToString(), providers=['CPUExecutionProvider'])\n"
        "index = usearch.index.Index(ndim=4)\n"
        "index.add(1, np.ones(4, np.float32))\n"
        "assert session.run(None, {'x': np.float32([-2])})[0][0] == 2\n"
        "assert index.search(np.ones(4, np.float32), 1).keys[0] == 1\n"
        "print('both')"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "both"


@pytest.mark.parametrize("library", ["onnxruntime", "usearch"])
def test_nothing_else_imports_either(library: str) -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for layer in LAYERS
        for path in (ROOT / layer).rglob("*.py")
        if path != ROOT / "inference" / "native.py" and library in imported_by(path)
    ]
    assert offenders == []


def imported_by(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names
