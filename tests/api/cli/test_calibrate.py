"""`selene models calibrate` on labelled photos: a report, a plot, and plain refusals."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.cli.roc_plot import roc_svg
from tests.inference.media import labelled
from tests.support.packs import PACKS, default_pack
from tests.support.shared import MEDIA, MODELS, needs_media, needs_models


def run(directory: Path, tmp_path: Path, pack: str, *options: str) -> Result:
    environment = {"SELENE_DATA_DIR": str(tmp_path / "var")}
    arguments = ["models", "calibrate", str(directory), "--pack", pack, *options]
    return CliRunner(env=environment).invoke(app, arguments)


def album(folder: Path) -> Path:
    """A folder per person with a photo that shows nobody among them."""
    for item in labelled():
        if item.count == 1 and len(item.people) == 1 and "/azure/" in item.file:
            (folder / item.people[0]).mkdir(parents=True, exist_ok=True)
            shutil.copy(MEDIA / item.file, folder / item.people[0])
        elif "/human_a/" in item.file or "/face_recognition/" in item.file:
            owner = folder / (item.people[0] if item.people else "human_a")
            owner.mkdir(parents=True, exist_ok=True)
            shutil.copy(MEDIA / item.file, owner)
    shutil.copy(MEDIA / "images" / "noface" / "dog.jpg", next(folder.iterdir()) / "dog.jpg")
    (next(folder.iterdir()) / "notes.txt").write_text("no photo")
    return folder


@needs_media
@needs_models
@pytest.mark.slow
def test_labelled_photos_give_a_calibration_a_table_and_a_plot(tmp_path: Path) -> None:
    plot = tmp_path / "roc.svg"
    folder, pack = album(tmp_path / "album"), f"dev:{MODELS}"
    result = run(folder, tmp_path, pack, "--plot", str(plot), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["photos"] >= 33
    assert {"dog.jpg", "notes.txt"} <= {Path(one["photo"]).name for one in told["left_out"]}
    assert told["auc"] > 0.95
    assert told["calibration"]["metric"] == "cosine"
    assert 4 < told["calibration"]["slope"] < 20
    levels = [one["fpr"] for one in told["tpr_at_fpr"]]
    assert levels == [1e-2, 1e-3, 1e-4]
    assert told["tpr_at_fpr"][0]["tpr"] > 0.8
    assert told["tpr_at_fpr"][2]["tpr"] is None
    assert ElementTree.parse(plot).getroot().tag.endswith("svg")


def test_what_cannot_calibrate_is_said_in_a_line(tmp_path: Path) -> None:
    default_pack()
    pack = str(PACKS / "default")
    (tmp_path / "empty").mkdir()
    for directory, said in ((tmp_path / "absent", "no directory"), (tmp_path / "empty", "photos")):
        result = run(directory, tmp_path, pack)
        assert result.exit_code == 2
        assert result.stderr.startswith("selene: ")
        assert said in result.stderr
    unknown = run(tmp_path / "empty", tmp_path, "nobody")
    assert (unknown.exit_code, "'nobody'" in unknown.stderr) == (2, True)


@pytest.mark.parametrize("least", [0.5, 1e-3, 1e-6])
def test_a_plot_stays_in_its_frame(least: float) -> None:
    drawn = roc_svg("a < b", [0, 0, 0.01, 1], [0, 0.9, 0.95, 1], least)
    root = ElementTree.fromstring(drawn)
    (line,) = (one for one in root if one.tag.endswith("polyline"))
    for point in line.attrib["points"].split():
        x, y = map(float, point.split(","))
        assert 70 <= x <= 700
        assert 40 <= y <= 420
