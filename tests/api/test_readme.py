"""The README's walk-through, run as a new user would, on real photos."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.streaming import working
from tests.support.running_api import RunningApi
from tests.support.shared import MEDIA, ROOT, needs_media

PHOTOS = {
    "ann-1.jpg": "images/azure/Family1-Dad1.jpg",
    "ann-2.jpg": "images/azure/Family1-Dad2.jpg",
    "bob-1.jpg": "images/azure/Family1-Daughter1.jpg",
}


FILM = "videos/asl_p0_again.mkv"


def walk_through() -> str:
    """The shell commands of the README, one after the other."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert len(blocks) >= 5
    return "set -eu\n" + "\n".join(blocks)


@needs_media
def test_the_walk_through_finds_ann_at_the_door(running: RunningApi, tmp_path: Path) -> None:
    for name, photo in PHOTOS.items():
        shutil.copyfile(MEDIA / photo, tmp_path / name)
    shell = shutil.which("bash")
    if shell is None or shutil.which("curl") is None:
        pytest.skip("bash or curl is not here")
    shutil.copyfile(MEDIA / FILM, tmp_path / "door.mp4")
    (videos := tmp_path / "var" / "videos").mkdir(parents=True)
    own = {"API": f"{running.url}/6", "STREAMS": f"{running.url}/streams"}
    variables = {**os.environ, **own, "PYTHON": str(ROOT / ".venv/bin/python")}

    with working(running, roots=[videos]):
        done = subprocess.run(
            [shell, "-c", walk_through()],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert '"user_data":"bob"' in done.stdout
    assert "pushed: door-1 ann" in done.stdout
    assert '"source":"door-1"' in done.stdout
    assert '"label":"staff"' in done.stdout
    assert "subscribed\npushed: door\n" in done.stdout
    assert '"events":[{"source":"door","track_id":"' in done.stdout


@needs_media
def test_the_same_from_python(
    running: RunningApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    for name, photo in PHOTOS.items():
        shutil.copyfile(MEDIA / photo, tmp_path / name)
    (code,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    monkeypatch.chdir(tmp_path)

    exec(code.replace("http://127.0.0.1:5000", running.url), {})

    assert capsys.readouterr().out == "ann\n"
