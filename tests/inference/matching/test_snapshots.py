"""A saved index is what it was, is refused when damaged or foreign, and keeps nothing erased."""

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from domain.shared.biometrics import Descriptor
from inference.matching.collection import Storage
from inference.matching.match_index import MatchIndex
from inference.matching.snapshots import MANIFEST, Snapshots
from inference.matching.values import (
    AttachCandidate,
    DropList,
    IndexSnapshot,
    MatchAnswer,
    MatchFilters,
    MatchQuery,
    Origin,
    RemoveCandidate,
    SnapshotRefused,
)
from inference.matching.workers import Workers
from tests.inference.matching.galleries import (
    ACCOUNTS,
    COSINE,
    DISTANCE,
    FEATURES,
    LISTS,
    candidate_id,
    descriptor,
    put,
    vector,
)

KEY = b"k" * 32
SMALL = Storage(segment_rows=64, block_rows=16)


def index() -> MatchIndex:
    return MatchIndex(FEATURES, workers=Workers(2), storage=SMALL)


@pytest.fixture
def snapshots(tmp_path: Path) -> Iterator[Snapshots]:
    made = Snapshots(tmp_path / "index", KEY)
    yield made
    made.close()


def answers(asked: MatchIndex) -> list[list[list[MatchAnswer]]]:
    filters = (
        MatchFilters(),
        *(MatchFilters(list_id=each) for each in LISTS),
        MatchFilters(account_id=ACCOUNTS[0], gender=1, age__gte=10),
    )
    return [
        asked.search(
            [
                MatchQuery(
                    references=(descriptor(number, feature),),
                    origin=origin,
                    filters=each,
                    limit=20,
                )
                for number in (0, 3, 44, 130)
                for origin in (Origin.FACES, Origin.EVENTS)
            ]
        )
        for each in filters
        for feature in (COSINE, DISTANCE)
    ]


def gone(number: int, origin: Origin = Origin.FACES) -> RemoveCandidate:
    return RemoveCandidate(origin=origin, candidate_id=candidate_id(number))


def filled() -> MatchIndex:
    made = index()
    made.apply([put(number, lists=[LISTS[number % 3]]) for number in range(150)], 1)
    made.apply([put(number, DISTANCE, origin=Origin.EVENTS) for number in range(70)], 2)
    made.apply([gone(number) for number in (2, 3, 63, 64, 149)], 3)
    made.apply([put(number, looks=number + 1) for number in (3, 7, 200)], 4)
    made.apply([AttachCandidate(candidate_id=candidate_id(9), list_id=LISTS[2])], 5)
    return made


def restored(directory: Path, key: bytes = KEY) -> MatchIndex:
    found, made = Snapshots(directory, key), index()
    try:
        assert found.find(made) is not None
        found.restore(made)
    finally:
        found.close()
    return made


def saved(directory: Path) -> MatchIndex:
    made, own = filled(), Snapshots(directory, KEY)
    own.save(made, str)
    own.close()
    return made


def test_a_restored_index_is_the_one_that_was_saved(tmp_path: Path, snapshots: Snapshots) -> None:
    made = filled()
    assert snapshots.save(made, lambda position: f"mark {position}") == 5
    assert snapshots.find(index()) == IndexSnapshot(5, "mark 5")
    snapshots.close()
    other = restored(tmp_path / "index")
    assert other.position == 5
    assert answers(other) == answers(made)
    assert other.sizes()[0].candidates == made.sizes()[0].candidates


def test_a_restored_index_goes_on_like_the_saved_one(tmp_path: Path) -> None:
    made = saved(tmp_path)
    other = restored(tmp_path)
    for each in (made, other):
        each.apply([put(number, looks=5, lists=[LISTS[0]]) for number in range(140, 260)], 6)
        each.apply([gone(1), gone(8, Origin.EVENTS), DropList(list_id=LISTS[1])], 7)
    assert answers(other) == answers(made)
    own = Snapshots(tmp_path, KEY)
    own.save(other, str)
    own.close()
    assert answers(restored(tmp_path)) == answers(made)


def test_what_did_not_change_is_not_written_again(snapshots: Snapshots, tmp_path: Path) -> None:
    made = filled()
    snapshots.save(made, str)
    before = {path.name for path in (tmp_path / "index").glob("rows-*")}
    made.apply([put(500)], 6)
    snapshots.save(made, str)
    after = {path.name for path in (tmp_path / "index").glob("rows-*")}
    assert len(before - after) == 1
    assert len(after - before) == 1
    made.apply([AttachCandidate(candidate_id=candidate_id(9), list_id=LISTS[0])], 7)
    snapshots.save(made, str)
    assert {path.name for path in (tmp_path / "index").glob("rows-*")} == after


def test_a_removed_vector_has_left_the_disk_with_the_next_snapshot(
    snapshots: Snapshots, tmp_path: Path
) -> None:
    def found(number: int) -> bool:
        row = vector(number)
        wanted = (row / np.linalg.norm(row.astype(np.float64))).astype(np.float32).tobytes()
        return any(wanted in path.read_bytes() for path in (tmp_path / "index").iterdir())

    made = filled()
    snapshots.save(made, str)
    assert found(11)
    made.apply([gone(11)], 6)
    snapshots.save(made, str)
    assert not found(11)
    assert found(12)
    assert len([*(tmp_path / "index").glob("columns-*")]) == 2  # one for each collection


def test_a_change_during_a_snapshot_belongs_to_the_next(snapshots: Snapshots) -> None:
    made = filled()
    before = answers(made)

    def change(position: int) -> str:
        made.apply([gone(12), put(700)], 6)
        return str(position)

    with made.saved() as (position, kept):
        made.apply([gone(11), put(12, looks=80), put(600)], 6)
        other = index()
        other.restore(position, kept)
        assert [[[a.candidates for a in q] for q in s] for s in answers(other)] == [
            [[a.candidates for a in q] for q in s] for s in before
        ]
    assert snapshots.save(made, change) == 6


def test_snapshots_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    saved(tmp_path / "index")
    assert stat.S_IMODE((tmp_path / "index").stat().st_mode) == 0o700
    for path in (tmp_path / "index").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("kind", ["codes", "rows", "columns"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "missing"])
def test_a_damaged_snapshot_is_refused(tmp_path: Path, kind: str, damage: str) -> None:
    saved(tmp_path)
    path = sorted(tmp_path.glob(f"{kind}-*"))[0]
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[:-8])
    elif damage == "flipped":
        content[len(content) // 3] ^= 4
        path.write_bytes(content)
    else:
        path.unlink()
    own, empty = Snapshots(tmp_path, KEY), index()
    with pytest.raises(SnapshotRefused, match=path.name):
        own.restore(empty)
    own.close()
    assert empty.position == 0
    assert empty.sizes() == []


def test_a_foreign_or_torn_manifest_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    for content, reason in (
        ((tmp_path / MANIFEST).read_bytes(), "installation"),
        (b'{"content": ', "cannot be read"),
        (b"[]", "cannot be read"),
    ):
        (tmp_path / MANIFEST).write_bytes(content)
        own = Snapshots(tmp_path, b"another")
        with pytest.raises(SnapshotRefused, match=reason):
            own.find(index())
        own.close()


def test_a_snapshot_of_other_descriptors_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    own = Snapshots(tmp_path, KEY)
    for features in (FEATURES[:3], (*FEATURES, replace(COSINE, version=9))):
        with pytest.raises(SnapshotRefused, match="other descriptors"):
            own.find(MatchIndex(features, storage=SMALL, workers=Workers(1)))
    with pytest.raises(SnapshotRefused, match="another way"):
        own.find(MatchIndex(FEATURES, workers=Workers(1)))
    own.close()


def test_a_directory_is_one_process_s(tmp_path: Path) -> None:
    first, second, made = Snapshots(tmp_path, KEY), Snapshots(tmp_path, KEY), filled()
    assert first.find(made) is None
    assert second.save(made, str) is None
    assert first.save(made, str) == 5
    assert second.find(made) is None
    first.close()
    assert second.find(made) == IndexSnapshot(5, "5")
    second.close()


def test_an_index_without_candidates_is_saved_too(snapshots: Snapshots) -> None:
    made = index()
    made.apply([], 9)
    snapshots.save(made, str)
    other = index()
    snapshots.restore(other)
    assert other.position == 9
    assert other.sizes() == []
    other.apply([put(1)], 10)
    query = MatchQuery(references=(Descriptor(COSINE.kind, 1, descriptor(1).data),),
                       origin=Origin.FACES)  # fmt: skip
    assert other.search([query])[0][0].candidates[0].candidate_id == candidate_id(1)
