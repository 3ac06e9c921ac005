"""Whatever a stream may say is heeded somewhere: no option is accepted and then forgotten."""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args
from uuid import uuid4

import pytest
from pydantic import BaseModel

from domain.streams_content.parts import PercentRegion, PixelRegion
from domain.streams_content.v2 import StreamDataV2
from inference.video.options import Mode
from ray_cluster.stream_options import SCALED_SIDE, analysis_options, source_spec, with_frames
from tests.support.shared import ROOT

READ_ELSEWHERE: Final = {
    "analytics.enabled": "ray_cluster/stream_worker.py",
    "analytics.event_handler.handler_id": "api/agent/handler_calls.py",
    "analytics.event_handler.authorization.token": "api/agent/outbound.py",
    "analytics.event_handler.authorization.account_id": "api/agent/outbound.py",
    "analytics.healthcheck.max_error_count": "api/agent/stream_run.py",
    "analytics.healthcheck.period": "api/agent/stream_run.py",
    "analytics.healthcheck.retry_delay": "api/agent/stream_run.py",
    "endless": "api/agent/stream_run.py",
    "real_time_mode_fps": "ray_cluster/stream_worker.py",
}
"""Options that do not concern how frames are read and looked at, and who reads them."""

WITHOUT_EFFECT: Final = {
    "analytics.event_handler.type": "there is one type of handlers",
    "analytics.liveness.mask_backgrounds_count": "no check of ours compares backgrounds",
}


class Recorder(dict[str, Any]):
    """A JSON object that remembers which of its values were read."""

    def __init__(self, value: dict[str, Any], read: set[str], path: str = "") -> None:
        super().__init__({k: self._wrapped(v, read, f"{path}{k}") for k, v in value.items()})
        self._read, self._path = read, path

    @staticmethod
    def _wrapped(value: Any, read: set[str], path: str) -> Any:
        if isinstance(value, dict):
            return Recorder(value, read, f"{path}.")
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return [Recorder(one, read, f"{path}.") for one in value]
        return value

    def __getitem__(self, key: str) -> Any:
        self._read.add(f"{self._path}{key}")
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._read.add(f"{self._path}{key}")
        return super().get(key, default)


def options_of(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The paths of all values that a model has; regions count as one."""
    for name, field in model.model_fields.items():
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
        if inner and inner[0] not in (PixelRegion, PercentRegion):
            yield from options_of(inner[0], f"{path}{name}.")
        else:
            yield f"{path}{name}"


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def content(**data: Any) -> dict[str, Any]:
    """A stream's data with everything that may be said."""
    handler = {
        "handler_id": str(uuid4()),
        "authorization": {"account_id": str(uuid4())},
        "frame_store": "http://frames/6/images",
    }
    checks = ("use_mask_liveness_filtration", "use_flying_faces_liveness_filtration")
    analytics = {
        "event_handler": handler,
        "primary_track_policy": {"use_primary_track_policy": True},
        "liveness": {**dict.fromkeys(checks, True), "livenesses_weights": [0.0, 1.0]},
        **data.pop("of_analytics", {}),
    }
    given = {"type": "tcp", "reference": "rtsp://cam", "analytics": [analytics], **data}
    return StreamDataV2.model_validate(given).as_dict()


def read_of(data: dict[str, Any]) -> set[str]:
    """The options that are read where frames are read and looked at."""
    read: set[str] = set()
    said = Recorder(data, read)
    spec = source_spec(said)
    assert spec.kind == data["type"]
    (analytics,) = said["analytics"]
    with_frames(analysis_options(said, analytics, 5.0, 2), said, analytics, True)
    return read


@pytest.mark.parametrize("option", list(options_of(StreamDataV2)))
def test_every_option_of_a_stream_is_read_by_somebody(option: str) -> None:
    if option in WITHOUT_EFFECT:
        assert option not in read_of(content())
        return
    if option in READ_ELSEWHERE:
        code = (ROOT / READ_ELSEWHERE[option]).read_text()
        assert option.rpartition(".")[2] in re.findall(r"""["'](\w+)["']""", code)
        return
    images = {"type": "images", "mask": "*.jpg"} if option == "mask" else {}
    assert option in read_of(content(**images))


@pytest.mark.parametrize(
    ("mode", "setting", "kinds"),
    [
        (3, 1, {"face"}),
        (3, 2, {"body"}),
        (3, 3, {"face", "body"}),
        (3, 4, {"face", "body"}),
        (1, 2, {"face", "body"}),
    ],
)
def test_frames_are_kept_of_whom_the_stream_says(mode: int, setting: int, kinds: set[str]) -> None:
    said = content(of_analytics={"mode": mode, "sending": {"full_frame_settings": setting}})
    (analytics,) = said["analytics"]
    options = with_frames(analysis_options(said, analytics, 5.0, 2), said, analytics, True)
    assert (options.mode, options.frames) == (Mode(mode), kinds)
    analytics["event_handler"]["frame_store"] = None
    without = with_frames(analysis_options(said, analytics, 5.0, 2), said, analytics, True)
    assert without.frames == frozenset()


@pytest.mark.parametrize(
    ("kind", "mode", "full", "side"),
    [
        ("tcp", "full", False, None),
        ("tcp", "scale", True, SCALED_SIDE),
        ("tcp", "auto", True, None),
        ("tcp", "auto", False, SCALED_SIDE),
        ("images", "scale", True, None),
    ],
)
def test_frames_are_looked_at_in_the_size_that_the_mode_says(
    kind: str, mode: str, full: bool, side: int | None
) -> None:
    mask = {"mask": "*.jpg"} if kind == "images" else {}
    said = content(type=kind, frame_processing_mode=mode, **mask)
    (analytics,) = said["analytics"]
    options = with_frames(analysis_options(said, analytics, 5.0, 2), said, analytics, full)
    assert options.reduced_side == side
