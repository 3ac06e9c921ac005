"""Videos become frames with times, and boxes in them become tracks."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg

from domain.shared.geometry import Box
from inference.video.image_folder import ImageFolder, fits
from inference.video.options import Region
from inference.video.source import SourceBroken, SourceSpec, VideoSource
from inference.video.tracking import Tracker


def make_video(path: Path, *, frames: int = 30, size: tuple[int, int] = (160, 120)) -> Path:
    """A film of a white square that wanders over black, ten frames a second."""
    with av.open(str(path), "w") as container:
        codec = "libx264" if path.suffix == ".m3u8" else "mpeg4"
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.gop_size = 10
        for number in range(frames):
            pixels = np.zeros((size[1], size[0], 3), np.uint8)
            pixels[20:40, 2 * number : 2 * number + 20] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("film") / "film.mp4")


def test_a_file_has_its_frames_in_time(film: Path) -> None:
    with VideoSource(SourceSpec("videofile", str(film))) as source:
        frames = list(source.frames())
        told = source.info.as_dict(progress=2.0)
    assert [frame.number for frame in frames] == list(range(30))
    assert [frame.time_s for frame in frames] == pytest.approx([n / 10 for n in range(30)])
    assert (told["width"], told["height"], told["frame_rate"]) == (160, 120, 10)
    assert told["gop_size"] == 10
    assert (told["duration"], told["progress"]) == (pytest.approx(3.0, abs=0.2), 1.0)


@pytest.mark.parametrize(("rotation", "at"), [(0, (30, 10)), (90, (10, 89)), (180, (89, 149))])
def test_frames_are_turned_clockwise(film: Path, rotation: int, at: tuple[int, int]) -> None:
    with VideoSource(SourceSpec("videofile", str(film), rotation=rotation)) as source:
        first = next(source.frames()).pixels
        assert source.info.width == first.shape[1]
    assert first[at].min() > 200
    assert first[5, 5].max() < 50


@pytest.mark.parametrize(
    "spec",
    [
        SourceSpec("videofile", "/nowhere/film.mp4"),
        SourceSpec("videofile", "http://127.0.0.1:1/film.mp4"),
        SourceSpec("tcp", "rtsp://127.0.0.1:1/camera", timeout_s=2),
        SourceSpec("udp", "not an address", timeout_s=2),
    ],
)
def test_a_source_that_cannot_be_opened_says_so(spec: SourceSpec) -> None:
    with pytest.raises(SourceBroken):
        VideoSource(spec)


@pytest.fixture
def playlist(tmp_path: Path) -> Iterator[str]:
    """The address of an HLS film in two widths, as an HTTP server shows it."""
    for width, height in ((160, 120), (320, 240)):
        make_video(tmp_path / f"{width}.m3u8", size=(width, height), frames=25)
    variants = (
        f"#EXT-X-STREAM-INF:BANDWIDTH={width}000,RESOLUTION={width}x{height}\n{width}.m3u8\n"
        for width, height in ((160, 120), (320, 240))
    )
    (tmp_path / "film.m3u8").write_text("#EXTM3U\n" + "".join(variants))
    quiet = partial(_Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), quiet) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/film.m3u8"
        server.shutdown()
        serving.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.mark.parametrize("width", [160, 320])
def test_of_a_playlist_the_program_of_the_preferred_width_is_shown(
    playlist: str, width: int
) -> None:
    with VideoSource(SourceSpec("tcp", playlist, preferred_width=width)) as source:
        frames = list(source.frames())
        assert source.info.width == width
    assert len(frames) == 25
    assert frames[0].pixels.shape == (width * 3 // 4, width, 3)
    assert frames[-1].time_s == pytest.approx(2.4)


def test_a_playlist_leads_to_no_files(playlist: str, tmp_path: Path, film: Path) -> None:
    list_of_file = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3,\n{film.as_uri()}\n#EXT-X-ENDLIST\n"
    )
    (tmp_path / "film.m3u8").write_text(list_of_file)
    with pytest.raises(SourceBroken), VideoSource(SourceSpec("tcp", playlist)) as source:
        list(source.frames())


@pytest.mark.parametrize("reference", ["63", "/dev/video63"])
def test_a_capture_device_that_is_not_there_says_so(reference: str) -> None:
    """One that is there is opened in the same way; no machine that tests run on has one."""
    with pytest.raises(SourceBroken, match="No such file or directory: '/dev/video63'"):
        VideoSource(SourceSpec("tcp", reference))


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_frame_is_scaled_down_as_it_is_turned(film: Path, rotation: int) -> None:
    with VideoSource(SourceSpec("videofile", str(film), rotation=rotation)) as source:
        first = next(source.frames())
        assert first.size == (first.pixels.shape[1], first.pixels.shape[0])
        small = first.reduced(80)
    assert small.shape == ((60, 80, 3) if rotation == 0 else (80, 60, 3))
    whole = first.pixels[::2, ::2].astype(int)
    assert np.abs(whole - small).mean() < 8
    assert first.reduced(160) is first.pixels


def test_a_network_source_reads_no_files(film: Path) -> None:
    for reference in (str(film), film.as_uri()):
        with pytest.raises(SourceBroken):
            VideoSource(SourceSpec("tcp", reference, timeout_s=2))


def test_what_is_no_video_is_broken(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film" * 100)
    with pytest.raises(SourceBroken):
        VideoSource(SourceSpec("videofile", str(tmp_path / "film.mp4")))


def test_a_folder_is_shown_in_the_order_of_names(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        pixels = np.full((20, 30, 3), number * 20, np.uint8)
        (tmp_path / f"shot_{number:04d}.jpg").write_bytes(simplejpeg.encode_jpeg(pixels))
    (tmp_path / "shot_0003.jpg").write_bytes(b"broken")
    (tmp_path / "other.jpg").write_bytes(simplejpeg.encode_jpeg(pixels))
    folder = ImageFolder(SourceSpec("images", str(tmp_path), mask="shot_%04d.jpg"))
    shown = [int(frame.pixels.mean().round(-1)) for frame in folder.frames()]
    assert shown == [20, 40, 200]
    for wrong in (SourceSpec("images", str(tmp_path), mask="*.png"), SourceSpec("images", "/no")):
        with pytest.raises(SourceBroken):
            ImageFolder(wrong)


@pytest.mark.parametrize(
    ("name", "mask", "fitting"),
    [
        ("a.jpg", "", True),
        ("a.txt", "", False),
        ("a_01.jpg", "a_%02d.jpg", True),
        ("a_1.jpg", "a_%02d.jpg", False),
        ("a_123.jpg", "a_%d.jpg", True),
        ("a[1].jpg", "a[%d].jpg", True),
        ("b.png", "*.png", True),
    ],
)
def test_masks_name_files_as_printf_or_a_shell_does(name: str, mask: str, fitting: bool) -> None:
    assert fits(name, mask) is fitting


def test_boxes_that_move_a_little_are_one_track_and_others_another() -> None:
    tracker = Tracker(rate=5, lost_s=1.0)
    seen = []
    for n in range(8):
        boxes = [Box(10 + 4 * n, 10, 40, 40), Box(300 - 4 * n, 10, 40, 40)]
        order = boxes if n % 2 else boxes[::-1]
        tracks = tracker.update(order, [0.9, 0.8], n / 5)
        seen.append(tracks if n % 2 else tracks[::-1])
    assert len({tuple(one) for one in seen}) == 1
    assert None not in seen[0]
    assert tracker.ended(1.5) == []
    assert sorted(tracker.ended(3.0)) == sorted(seen[0])  # type: ignore[type-var]
    assert tracker.end() == []


def test_a_track_begins_with_a_sure_box_and_at_once() -> None:
    tracker = Tracker(rate=5, start_score=0.6)
    assert tracker.update([Box(0, 0, 20, 20)], [0.5], 0.0) == [None]
    (first,) = tracker.update([Box(0, 0, 20, 20)], [0.9], 0.2)
    assert first is not None
    later = tracker.update([Box(1, 0, 20, 20), Box(200, 0, 20, 20)], [0.3, 0.3], 0.4)
    assert later == [first, None]


def test_regions_are_pixels_or_percents_of_the_frame() -> None:
    assert Region().box(200, 100) == Box(0, 0, 200, 100)
    assert Region(10, 20, 30, 40).box(200, 100) == Box(10, 20, 30, 40)
    assert Region(10, 20, 30, 40, "percent").box(200, 100) == Box(20, 20, 60, 40)
    assert Region(500, 0, 10, 10).box(200, 100) == Box(0, 0, 200, 100)
