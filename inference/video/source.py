"""Video sources: files, networks, devices and folders of images, as frames with times."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self

import numpy as np

from domain.shared.refusal import Refusal
from inference.models import Pixels
from inference.opencv import cv2

Kind = Literal["tcp", "udp", "videofile", "images"]
Transport = Literal["tcp", "udp"]

_FILES: Final = "file"
_NETWORK: Final = "rtsp,rtsps,rtp,udp,tcp,http,https,tls,crypto,hls,httpproxy"


class SourceBroken(Refusal):
    """The source cannot be opened, or has broken off."""

    detail = "{}"


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Which source, and how it is read.

    `rotation` turns frames clockwise, in degrees; of several programs the one is taken whose
    width is nearest to `preferred_width`; times are in seconds. With `formats`, FFmpeg's names
    with commas, nothing else is opened: a playlist is a film, too, and names other files.
    """

    kind: Kind
    reference: str
    rotation: int = 0
    preferred_width: int = 800
    mask: str = ""
    threads: int = 0
    timeout_s: float = 10.0
    formats: str = ""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What is known of a source: size in pixels, frames per second, bits per second, length in s.

    `gop_size` is the number of frames from one key frame to the next, 0 before it is known.
    """

    width: int
    height: int
    frame_rate: float
    bit_rate: int
    gop_size: int
    start_time: datetime
    duration: float | None = None

    def as_dict(self, progress: float | None = None) -> dict[str, Any]:
        """The contract's `video_info`."""
        shown: dict[str, Any] = {
            "width": self.width,
            "height": self.height,
            "frame_rate": round(self.frame_rate),
            "bit_rate": self.bit_rate,
            "gop_size": self.gop_size,
            "start_time": self.start_time.isoformat().replace("+00:00", "Z"),
        }
        if self.duration is not None:
            shown["duration"] = round(self.duration, 3)
        if progress is not None:
            shown["progress"] = round(min(max(progress, 0.0), 1.0), 4)
        return shown


@dataclass(slots=True)
class Frame:
    """A frame: its number from 0, its time in seconds from the start, its pixels when asked."""

    number: int
    time_s: float
    decoded: Any
    rotation: int = 0
    _pixels: Pixels | None = field(default=None, repr=False)
    _reduced: dict[int, Pixels] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the upright frame."""
        raw = self.decoded
        if isinstance(raw, np.ndarray):
            width, height = raw.shape[1], raw.shape[0]
        else:
            width, height = raw.width, raw.height
        return (height, width) if self.rotation % 180 else (width, height)

    @property
    def pixels(self) -> Pixels:
        """Upright RGB pixels; converted when first asked, since that costs half of decoding."""
        if self._pixels is None:
            raw = self.decoded
            pixels = raw if isinstance(raw, np.ndarray) else raw.to_ndarray(format="rgb24")
            self._pixels = self._upright(pixels)
        return self._pixels

    def reduced(self, side: int) -> Pixels:
        """The same with the longer side `side` at most: scaled and converted in one step."""
        if max(self.size) <= side:
            return self.pixels
        if side not in self._reduced:
            raw, factor = self.decoded, side / max(self.size)
            if isinstance(raw, np.ndarray):
                width, height = (max(1, round(n * factor)) for n in raw.shape[1::-1])
                small = cv2.resize(raw, (width, height), interpolation=cv2.INTER_AREA)
            else:
                width, height = (max(1, round(n * factor)) for n in (raw.width, raw.height))
                small = raw.to_ndarray(format="rgb24", width=width, height=height)
            self._reduced[side] = self._upright(np.asarray(small, np.uint8))
        return self._reduced[side]

    def _upright(self, pixels: Pixels) -> Pixels:
        turns = -(self.rotation // 90) % 4  # numpy turns the other way round
        return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


class Source(Protocol):
    """Something that shows frames one after the other, until it ends or breaks."""

    @property
    def info(self) -> VideoInfo:
        """What is known by now."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def frames(self) -> Iterator[Frame]:
        """The frames; raises `SourceBroken` when the source breaks off."""
        ...


class VideoSource:
    """Frames of a file, a network address or a capture device, decoded by PyAV (FFmpeg).

    Only protocols that the kind of source needs are open to FFmpeg, whatever a playlist names.
    """

    def __init__(self, spec: SourceSpec) -> None:
        import av

        self._av = av
        self._spec = spec
        self._container = self._open()
        self._stream = self._chosen()
        self._start = datetime.now(UTC)
        self._last_key = -1
        self._gop = 0
        self._turn = spec.rotation
        if spec.threads:
            self._stream.codec_context.thread_count = spec.threads
        self._stream.thread_type = "AUTO"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._container.close()

    @property
    def info(self) -> VideoInfo:
        """What the container tells, with the size after turning."""
        context = self._stream.codec_context
        width, height = context.width, context.height
        if self._turn % 180:
            width, height = height, width
        rate = self._stream.average_rate or self._stream.guessed_rate or 0
        length = self._container.duration
        return VideoInfo(
            width=width,
            height=height,
            frame_rate=float(rate),
            bit_rate=int(self._stream.bit_rate or self._container.bit_rate or 0),
            gop_size=self._gop,
            start_time=self._start,
            duration=None if not length or length < 0 else length / self._av.time_base,
        )

    def frames(self) -> Iterator[Frame]:
        """All frames, with the times that the container gives or its rate implies."""
        first: float | None = None
        number, last = -1, -1.0
        rate = float(self._stream.average_rate or 25)
        try:
            for decoded in self._container.decode(self._stream):
                number += 1
                time_s = decoded.time if decoded.time is not None else number / rate
                first = time_s if first is None else first
                last = max(time_s - first, last + 1e-3)  # times of broken cameras run backwards
                if decoded.key_frame:
                    self._gop = number - self._last_key if self._last_key >= 0 else self._gop
                    self._last_key = number
                turned = (self._spec.rotation - int(decoded.rotation)) % 360
                self._turn = turned
                yield Frame(number, last, decoded, turned)
        except self._av.FFmpegError as error:
            raise SourceBroken(str(error)) from None

    def _open(self) -> Any:
        spec = self._spec
        device = spec.reference.isdigit() or spec.reference.startswith("/dev/video")
        if spec.kind == "videofile" or device:
            options = {"protocol_whitelist": _FILES}
        else:
            options = {"protocol_whitelist": _NETWORK, "rtsp_transport": spec.kind}
        if spec.formats:
            options["format_whitelist"] = spec.formats
        reference, how = spec.reference, None
        if device:
            how = "v4l2"
            reference = f"/dev/video{reference}" if reference.isdigit() else reference
        elif spec.kind == "videofile":
            reference = str(Path(reference))
        try:
            return self._av.open(
                reference,
                format=how,
                options=options,
                timeout=(spec.timeout_s, spec.timeout_s),
            )
        except (self._av.FFmpegError, OSError, ValueError) as error:
            raise SourceBroken(f"{type(error).__name__}: {error}") from None

    def _chosen(self) -> Any:
        streams = self._container.streams.video
        if not streams:
            self._container.close()
            raise SourceBroken("the source has no video")
        wanted = self._spec.preferred_width
        return min(streams, key=lambda one: abs((one.codec_context.width or 0) - wanted))
