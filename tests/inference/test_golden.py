"""Both packs see on the shared media what they saw before."""

import numpy as np
import pytest

from domain.shared.geometry import Box
from inference.pipeline import Pipeline
from tests.inference.golden import Row, files, rows, written
from tests.support.shared import needs_media

SAME = ("gender", "emotion", "mask", "glasses", "eyes", "liveness")


def box_of(row: Row) -> Box:
    return Box(*(float(row[name]) for name in ("x", "y", "width", "height")))


def points_of(row: Row) -> np.ndarray:
    return np.array([list(map(float, pair.split(","))) for pair in row["points"].split()])


@needs_media
@pytest.mark.parametrize("pack", ["development", "default"])
def test_faces_are_where_they_were_and_look_as_they_did(
    pack: str, request: pytest.FixtureRequest
) -> None:
    name = {"development": "dev", "default": "default"}[pack]
    fixture = {"development": "pipeline", "default": "default_pipeline"}[pack]
    pipeline: Pipeline = request.getfixturevalue(fixture)
    before = [row for row in written() if row["pack"] == name]
    now = [row for file in files(name) for row in rows(name, pipeline, file)]

    assert [(row["file"], row["face"]) for row in now] == [
        (row["file"], row["face"]) for row in before
    ]
    for row, old in zip(now, before, strict=True):
        where = f"{old['file']}, face {old['face']}"
        assert box_of(row).iou(box_of(old)) > 0.95, where
        points, earlier = points_of(row), points_of(old)
        apart = float(np.linalg.norm(earlier[1] - earlier[0]))
        assert np.linalg.norm(points - earlier, axis=1).max() < 0.03 * max(apart, 30), where
        assert {key: row.get(key, "") for key in SAME} == {key: old[key] for key in SAME}, where
        if old["age"]:
            assert abs(int(row["age"]) - int(old["age"])) <= 1, where


@needs_media
def test_people_in_photos_are_alive_where_enough_of_them_is_shown() -> None:
    told = [row["liveness"] for row in written() if row["liveness"] and row["face"] == "0"]
    assert told.count("real") >= 4 * told.count("spoof")
    assert set(told) <= {"real", "spoof", "unknown"}
