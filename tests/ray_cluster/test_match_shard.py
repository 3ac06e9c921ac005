"""A shard takes what continues what it has, and is filled by one at a time."""

import pickle
from pathlib import Path

import pytest

from inference.matching.match_index import MatchIndex
from inference.matching.workers import Workers
from ray_cluster import match_shard
from ray_cluster.layout import Layout
from ray_cluster.match_shard import MatchShard
from ray_cluster.matching import MatchFilters, Origin
from ray_cluster.shard_values import Found, ShardOptions
from tests.inference.matching.galleries import COSINE, DISTANCE, FEATURES, LISTS, candidate_id, put
from tests.ray_cluster.matching_adapters import gone, query

KNOWN = {(each.kind, each.version): each for each in FEATURES}


ALONE = Layout.first(1)


def shard(directory: Path | None = None, *, filled: bool = True) -> MatchShard:
    """A shard that has everything up to the beginning of the log."""
    one = MatchShard(ShardOptions(tuple(FEATURES), 1, directory, b"key"))
    if filled:
        assert one.begin_fill("test", one.state(), ALONE)
        assert one.fill("test", [], 0)
    return one


def held(one: MatchShard) -> list[int]:
    return [size.candidates for size in one.sizes()]


def test_changes_after_a_gap_are_not_taken() -> None:
    one = shard()
    assert one.apply([put(1)], 0, 3, ALONE).position == 3
    assert one.apply([put(2)], 4, 5, ALONE).position == 3
    assert held(one) == [1]
    assert one.apply([put(2), put(3)], 3, 5, ALONE).position == 5
    assert held(one) == [3]


def test_changes_that_come_again_change_nothing() -> None:
    one = shard()
    one.apply([put(1), put(2)], 0, 2, ALONE)
    one.apply([gone(1)], 2, 3, ALONE)
    one.apply([put(1), put(2), gone(1)], 0, 3, ALONE)
    one.apply([put(1)], 0, 1, ALONE)
    assert held(one) == [1]
    assert one.state().position == 3


def test_a_search_finds_what_one_index_does_or_nothing_if_it_would_miss_changes() -> None:
    one, index = shard(), MatchIndex(FEATURES, workers=Workers(1))
    puts = [put(n, feature, lists=LISTS[: n % 3]) for n in range(50) for feature in
            (COSINE, DISTANCE)]  # fmt: skip
    one.apply(puts, 0, 4, ALONE)
    index.apply(puts, 4)
    asked = [query(3, 9), query(7, feature=DISTANCE, filters=MatchFilters(list_id=LISTS[1])),
             query(origin=Origin.EVENTS)]  # fmt: skip
    found = one.search(pickle.dumps(asked), 4, ALONE)
    assert isinstance(found, Found)
    expected = index.finish(index.begin(asked))
    assert [(h.query, h.reference, h.scoring, h.ids.tolist(), h.scores.tolist(), h.times.tolist())
            for h in found.hits(KNOWN)] == [
        (h.query, h.reference, h.scoring, h.ids.tolist(), h.scores.tolist(), h.times.tolist())
        for h in expected]  # fmt: skip
    assert one.search(pickle.dumps(asked), 5, ALONE) == one.state()


def test_a_shard_is_filled_by_one_at_a_time_and_answers_when_it_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = shard()
    one.apply([put(1)], 0, 2, ALONE)
    seen = one.state()
    assert one.begin_fill("first", seen, ALONE)
    assert not one.begin_fill("second", seen, ALONE)
    assert not one.begin_fill("second", one.state(), ALONE)
    assert one.apply([put(9)], 0, 9, ALONE).filling
    assert one.fill("first", [put(2), put(3)], None)
    assert not one.fill("second", [put(4)], 7)
    assert one.search(pickle.dumps([query(2)]), 0, ALONE) == one.state()
    monkeypatch.setattr(match_shard, "_SILENCE_S", 0.0)
    assert one.begin_fill("second", one.state(), ALONE)  # the first one is silent for too long
    assert not one.fill("first", [put(5)], None)
    assert one.fill("second", [put(6)], 8)
    assert one.state()[1:3] == (8, False)
    assert held(one) == [1]
    found = one.search(pickle.dumps([query(6)]), 8, ALONE)
    assert isinstance(found, Found)
    assert found.ids.tolist() == [[candidate_id(6).int >> 64, candidate_id(6).int & (1 << 64) - 1]]


def test_a_shard_begins_with_what_it_saved(tmp_path: Path) -> None:
    one = shard(tmp_path)
    one.apply([put(1), put(2)], 0, 6, ALONE)
    assert one.snapshot(ALONE) is None
    assert one.begin_save() == 6
    assert one.begin_save() is None  # it is being saved
    one.apply([put(3)], 6, 7, ALONE)
    one.end_save("mark")
    other = shard(tmp_path, filled=False)
    assert other.snapshot(ALONE) is None  # the directory is another one's
    one.close()
    found = other.snapshot(ALONE)
    assert found is not None
    assert found == (6, "mark")
    assert other.restore(one.state(), ALONE).position == 0  # not what was seen
    assert other.restore(other.state(), ALONE).position == 6
    assert held(other) == [2]
