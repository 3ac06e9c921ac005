"""What both packs see on the shared media, written down: `python -m tests.inference.golden`.

Boxes and landmarks are of the image's pixels. The file holds numbers only; whoever changes a
model or a formula on purpose writes it anew and looks at what changed.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from domain.shared.detections import DetectWanted, FoundFace
from inference.dev_pack import dev_pack
from inference.pipeline import Pipeline
from tests.inference.media import found_in, image, labelled
from tests.support.packs import default_pipeline
from tests.support.shared import MODELS

FILE: Final = Path(__file__).parent / "golden_faces.csv"
WANTED: Final = DetectWanted(
    landmarks5=True,
    emotions=True,
    mask=True,
    glasses=True,
    eyes_attributes=True,
    liveness=True,
    basic_attributes=True,
    liveness_quality_threshold=0.5,
)
PLACES: Final = DetectWanted(landmarks5=True)
COLUMNS: Final = (
    *("pack", "file", "face", "x", "y", "width", "height"),
    *("points", "age", "gender", "emotion", "mask", "glasses", "eyes", "liveness"),
)

# One photo in four is enough to notice a change, and keeps the test short.
_EVERY: Final = 4
Row = dict[str, str]


def files(pack: str) -> list[str]:
    """The photos that a pack looks at; the default pack takes longer, and looks at fewer."""
    alone = [item.file for item in labelled() if item.count == 1 and "/formats/" not in item.file]
    chosen = [*alone[::_EVERY], "images/group/azure_identification1.jpg"]
    return chosen if pack == "dev" else chosen[::3]


def rows(pack: str, pipeline: Pipeline, file: str) -> Iterator[Row]:
    """What a pack sees on a photo, a row per face."""
    wanted = WANTED if pack == "dev" else PLACES
    for number, face in enumerate(found_in(pipeline, image(file), wanted).faces):
        yield {"pack": pack, "file": file, "face": str(number), **_seen(face)}


def _seen(face: FoundFace) -> Row:
    assert face.box is not None
    assert face.landmarks5 is not None
    box = face.box
    points = " ".join(f"{p.x:.1f},{p.y:.1f}" for p in face.landmarks5.points)
    told = face.estimations
    seen = {name: f"{getattr(box, name):.1f}" for name in ("x", "y", "width", "height")}
    seen["points"] = points
    if told.basic_attributes is not None:
        seen["age"] = f"{told.basic_attributes.age:.0f}"
        seen["gender"] = str(int(told.basic_attributes.gender))
    if told.emotions is not None and told.mask is not None:
        seen["emotion"], seen["mask"] = told.emotions.predominant(), told.mask.predominant()
    if told.glasses is not None and told.eyes_attributes is not None:
        eyes = told.eyes_attributes
        seen["glasses"] = str(told.glasses.glasses)
        seen["eyes"] = f"{eyes.left_eye.state} {eyes.right_eye.state}"
    if told.liveness is not None:
        seen["liveness"] = str(told.liveness.prediction)
    return seen


def written() -> list[Row]:
    """The rows of the file."""
    with FILE.open(newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Look at all photos with both packs and write the file anew."""
    packs = {"default": default_pipeline(), "dev": Pipeline(dev_pack(MODELS))}
    with FILE.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for pack, pipeline in packs.items():
            for name in files(pack):
                writer.writerows(rows(pack, pipeline, name))


if __name__ == "__main__":
    main()
