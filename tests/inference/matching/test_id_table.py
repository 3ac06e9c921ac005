"""Ids are found by whole arrays, whatever was added before and died since."""

import pickle
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference.matching.id_table import IdTable, id_pairs, ids_of

ANY_ID = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))


@given(st.lists(ANY_ID))
def test_ids_come_back_from_their_pairs(ids: list[UUID]) -> None:
    made = ids_of(id_pairs(ids))
    assert made == ids
    assert [(str(one), hash(one), one.is_safe) for one in made] == [
        (str(one), hash(one), one.is_safe) for one in ids
    ]
    assert pickle.loads(pickle.dumps(made)) == ids


@given(st.lists(ANY_ID, min_size=2, max_size=2, unique=True))
def test_pairs_compare_like_ids(ids: list[UUID]) -> None:
    first, second = map(tuple, id_pairs(ids).tolist())
    assert (first < second) == (ids[0].bytes < ids[1].bytes)


# Small ids collide in one half of the pair.
FEW_IDS = st.integers(0, 30).map(lambda number: UUID(int=number << 61))
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "kill"]), st.lists(FEW_IDS, max_size=12, unique=True)),
    max_size=30,
)


@given(STEPS)
def test_it_finds_what_a_dictionary_finds(steps: list[tuple[str, list[UUID]]]) -> None:
    table, truth = IdTable(), dict[UUID, int]()
    ids, alive = np.zeros((1000, 2), np.uint64), np.zeros(1000, np.bool_)
    used = 0
    for what, chosen in steps:
        if what == "kill":
            for one in chosen:
                if one in truth:
                    alive[truth.pop(one)] = False
        else:
            new = [one for one in chosen if one not in truth]
            rows = np.arange(used, used + len(new))
            used += len(new)
            ids[rows], alive[rows] = id_pairs(new), True
            truth |= dict(zip(new, rows.tolist(), strict=True))
            table.add(rows, ids, alive)
        asked = [UUID(int=number << 61) for number in range(31)]
        found = table.find(id_pairs(asked), ids, alive).tolist()
        assert found == [truth.get(one, -1) for one in asked]


def test_many_ids_take_few_bytes() -> None:
    table, count = IdTable(), 100_000
    ids = np.random.default_rng(1).integers(0, 2**63, (count, 2)).astype(np.uint64)
    alive = np.ones(count, np.bool_)
    for start in range(0, count, 10_000):
        alive[:] = np.arange(count) < start + 10_000
        table.add(np.arange(start, start + 10_000), ids, alive)
    assert (table.find(ids, ids, alive) == np.arange(count)).all()
    assert table.nbytes <= 24 * count
