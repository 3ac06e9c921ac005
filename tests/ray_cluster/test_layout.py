"""Plans to move virtual shards and replicas: the fewest moves, balanced, the same each time."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.matching.sharded_index import VIRTUAL_SHARDS
from ray_cluster.layout import Layout, moves_to, relocation
from ray_cluster.matching import DropList
from tests.inference.matching.galleries import LISTS, put

places = st.integers(1, 9).flatmap(
    lambda shards: st.lists(
        st.integers(0, shards - 1), min_size=VIRTUAL_SHARDS, max_size=VIRTUAL_SHARDS
    ).map(bytes)
)


def after(before: bytes, moves: list[tuple[int, int]]) -> bytes:
    moved = bytearray(before)
    for virtual, shard in moves:
        assert moved[virtual] != shard
        moved[virtual] = shard
    return bytes(moved)


@settings(max_examples=40)
@given(before=places, shards=st.integers(1, 12))
def test_a_plan_balances_with_the_fewest_moves_and_is_always_the_same(
    before: bytes, shards: int
) -> None:
    moves = moves_to(before, shards)
    held = Counter(after(before, moves))
    least, more = divmod(VIRTUAL_SHARDS, shards)
    assert sorted(held) == list(range(shards))
    assert Counter(held.values()) == Counter({least: shards - more, least + 1: more}) - Counter()
    # Every shard can keep `least`, and `more` of them one more.
    there = [Counter(before)[shard] for shard in range(shards)]
    kept = sum(min(each, least) for each in there)
    kept += min(sum(each > least for each in there), more)
    assert len(moves) == VIRTUAL_SHARDS - kept
    assert len({virtual for virtual, _ in moves}) == len(moves)
    assert moves == moves_to(before, shards)
    assert moves_to(after(before, moves), shards) == []


@given(shards=st.integers(1, 8), more=st.integers(1, 4))
def test_a_new_shard_takes_from_all_others_and_leaves_them_the_rest(shards: int, more: int) -> None:
    before = Layout.first(shards).places
    moves = moves_to(before, shards + more)
    assert {to for _, to in moves} == set(range(shards, shards + more))
    assert {before[virtual] for virtual, _ in moves} == set(range(shards))


@settings(max_examples=30)
@given(before=places, shards=st.integers(1, 9), step=st.integers(8, 60))
def test_two_epochs_that_follow_one_another_share_where_everything_is(
    before: bytes, shards: int, step: int
) -> None:
    layout = Layout(1, before)
    held = [{shard: layout.owned(shard) for shard in range(9)}]
    while moves := moves_to(layout.places, shards)[:step]:
        for change in (lambda now: now.begun(moves), Layout.arrived, Layout.ended):
            layout = change(layout)
            # While something arrives it is found where it was; when it has arrived, in both.
            visible = layout.owned if layout.arriving else layout.taken
            held.append({shard: visible(shard) for shard in range(9)})
    for one, other in pairwise(held):
        both: set[int] = set().union(*(one[shard] & other[shard] for shard in range(9)))
        assert both == set(range(VIRTUAL_SHARDS))
    assert moves_to(layout.places, shards) == []


def test_changes_of_what_moves_go_to_both_shards_and_those_of_lists_to_all() -> None:
    puts = [put(number) for number in range(60)]
    layout = Layout.first(2).begun([(virtual, 2) for virtual in range(0, 256, 4)])
    parts = layout.split([*puts, DropList(list_id=LISTS[0])])
    assert sorted(parts) == [0, 1, 2]
    assert {part[-1] for part in parts.values()} == {DropList(list_id=LISTS[0])}
    assert len(parts[0]) + len(parts[1]) == len(puts) + 2
    assert {p.candidate_id for p in parts[2][:-1]} < {p.candidate_id for p in parts[0][:-1]}  # type: ignore[union-attr]


machines = st.integers(1, 5).map(lambda count: [f"machine-{number}" for number in range(count)])


@settings(max_examples=50)
@given(st.data(), machines, st.integers(1, 6), st.integers(1, 3))
def test_replicas_go_to_where_no_other_of_the_shard_is_until_machines_carry_the_same(
    data: st.DataObject, there: list[str], shards: int, replicas: int
) -> None:
    names = [(shard, number) for shard in range(shards) for number in range(replicas)]
    where = {name: data.draw(st.sampled_from(there)) for name in names}
    for _ in range(len(names) * len(there) + 1):
        found = relocation(where, there)
        assert found == relocation(dict(reversed(where.items())), reversed(there))
        if found is None:
            break
        replica, machine = found
        assert where[replica] != machine
        where[replica] = machine
    else:
        pytest.fail("it does not come to an end")
    for shard in range(shards):
        on = {where[shard, number] for number in range(replicas)}
        assert len(on) == min(replicas, len(there))
    load = Counter({machine: 0 for machine in there}) + Counter(where.values())
    if replicas == 1:
        assert max(load.values()) - min(load[machine] for machine in there) <= 1
