"""Sending policies: whatever a track shows, so many of the best are sent, in time and once."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.video.best_shots import FOR_EVER, WHOLE_TRACK, SendingPolicy, Shot, TrackShots

PIXELS = np.zeros((1, 1, 3), np.uint8)
QUALITIES = st.lists(st.floats(0, 1), min_size=1, max_size=60)


def shot(number: int, quality: float = 0.5, height: float = 50) -> Shot:
    """What is seen in frame `number`, ten frames a second."""
    return Shot(quality, number, number / 10, height, PIXELS)


def run(policy: SendingPolicy, qualities: list[float]) -> list[list[Shot]]:
    """All that is sent of a track that shows these."""
    track = TrackShots(policy)
    sent = [track.offer(shot(n, quality)) for n, quality in enumerate(qualities)]
    return [one for one in [*sent, track.end()] if one]


@given(QUALITIES, st.integers(1, 5))
def test_of_a_whole_track_the_best_are_sent_at_its_end(qualities: list[float], most: int) -> None:
    (sent,) = run(SendingPolicy(shots=most, period=WHOLE_TRACK), qualities)
    assert [one.quality for one in sent] == sorted(qualities, reverse=True)[:most]


@given(QUALITIES, st.integers(1, 3), st.integers(1, 9))
def test_each_period_sends_its_best(qualities: list[float], most: int, period: int) -> None:
    sent = run(SendingPolicy(shots=most, period=period, unit="frames"), qualities)
    parts = [qualities[i : i + period + 1] for i in range(0, len(qualities), period + 1)]
    assert [[one.quality for one in shots] for shots in sent] == [
        sorted(part, reverse=True)[:most] for part in parts
    ]


@given(QUALITIES, st.integers(0, 5))
def test_after_one_period_comes_silence_for_ever(qualities: list[float], period: int) -> None:
    policy = SendingPolicy(period=period, silence=FOR_EVER, unit="frames")
    assert len(run(policy, qualities)) == 1


@given(QUALITIES, st.integers(1, 4), st.booleans())
def test_a_shot_is_sent_once_where_shots_are_forgotten(
    qualities: list[float], period: int, full: bool
) -> None:
    policy = SendingPolicy(shots=2, period=period, silence=1, unit="frames", full_set=full)
    numbers = [one.number for shots in run(policy, qualities) for one in shots]
    assert len(numbers) == len(set(numbers))


def test_silence_between_periods_is_kept() -> None:
    policy = SendingPolicy(period=1.0, silence=2.0)
    sent = run(policy, [0.5] * 65)
    assert [shots[0].number for shots in sent] == [0, 30, 60]


def test_an_incomplete_set_is_not_sent() -> None:
    assert run(SendingPolicy(shots=3, full_set=True), [0.1, 0.2]) == []
    (sent,) = run(SendingPolicy(shots=3, full_set=True), [0.1, 0.2, 0.3])
    assert len(sent) == 3


def test_a_face_that_is_near_enough_is_sent_at_once() -> None:
    track = TrackShots(SendingPolicy(send_at_height=140))
    assert track.offer(shot(0, 0.9, height=100)) == []
    assert [one.number for one in track.offer(shot(1, 0.5, height=140))] == [0]
