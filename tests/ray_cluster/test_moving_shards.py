"""Shards take over virtual shards from each other, and every search finds what is there."""

import pickle

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.matching.ranking import answers
from ray_cluster.layout import STEPS_APART, Layout, moves_to
from ray_cluster.match_shard import MatchShard
from ray_cluster.matching import IndexChange, MatchQuery
from ray_cluster.shard_values import Found, ShardOptions, ShardState, each_once
from tests.inference.matching.galleries import COSINE, DISTANCE, FEATURES, put
from tests.inference.matching.truth import Truth
from tests.ray_cluster.matching_adapters import gone, query
from tests.ray_cluster.test_matching_truth import changes

KNOWN = {(each.kind, each.version): each for each in FEATURES}
MOST = 4


class Site:
    """Shards, the log they are fed from, and processes with the layouts that each knows."""

    def __init__(self, shards: int) -> None:
        self.layouts = [Layout.first(shards)]
        self.truth = Truth(FEATURES)
        self.log: list[list[IndexChange]] = []
        self.shards = [MatchShard(ShardOptions(tuple(FEATURES), 1, shard=n)) for n in range(MOST)]
        for shard in self.shards[:shards]:
            self.fill(shard)

    @property
    def newest(self) -> Layout:
        return self.layouts[-1]

    def fill(self, shard: MatchShard) -> None:
        """Give an empty shard everything that it should have."""
        number, layout, position = shard._options.shard, self.newest, len(self.log)
        assert shard.begin_fill("test", shard.state(layout), layout)
        if layout.arriving and not layout.owned(number):
            assert shard.fill_nothing("test", position)
            return
        puts = layout.split([*self.truth.candidates.values()]).get(number, [])
        assert shard.fill("test", puts, position)  # type: ignore[arg-type]

    def add(self, wanted: list[IndexChange], knows: int) -> None:
        """One more place in the log, fed by a process that may know an older layout."""
        self.truth.apply(wanted)
        self.log.append(wanted)
        layout = self.layouts[max(len(self.layouts) - 1 - knows, 0)]
        while True:
            parts = layout.split(wanted)
            states = [
                self.shards[shard].apply(parts[shard], len(self.log) - 1, len(self.log), layout)
                for shard in layout.shards
            ]
            if max(state.epoch for state in states) <= layout.epoch:
                break
            layout = self.newest
        self.mend(layout)

    def mend(self, layout: Layout) -> None:
        """Replay or fill what is behind, as the one who looks after replicas does."""
        for number in layout.shards:
            shard, state = self.shards[number], self.shards[number].state(layout)
            if shard._held is None:
                self.fill(shard)
            for position in range(state.position, len(self.log)):
                known = self.newest
                part = known.split(self.log[position]).get(number, [])
                shard.apply(part, position, position + 1, known)

    def move(self, shards: int, step: int) -> None:
        """One step of moving to so many shards."""
        layout = self.newest
        if layout.also and not layout.arriving:
            self.layouts.append(layout.ended())
        elif layout.also:
            self.mend(layout)
            for number in layout.shards:
                target = self.shards[number]
                for virtual in sorted(target.state(layout).expected)[:step]:
                    copied = self.shards[layout.places[virtual]].copy(virtual)
                    target.take(pickle.loads(pickle.dumps(copied)), layout)
            if not any(self.shards[number].state(layout).expected for number in layout.shards):
                self.layouts.append(layout.arrived())
        elif moves := moves_to(layout.places, shards)[: step * 3]:
            self.layouts.append(layout.begun(moves))
            self.mend(self.newest)

    def check(self, asked: list[MatchQuery], knows: int, meanwhile: int = 0) -> None:
        """A process that may know an older layout finds what comparing everything finds.

        `meanwhile` steps are taken after each shard that it asks.
        """
        layout = self.layouts[max(len(self.layouts) - 1 - knows, 0)]
        found: dict[int, Found] = {}
        while True:
            newest = max([layout.epoch, *(part.epoch for part in found.values())])
            if newest - layout.epoch > STEPS_APART:
                layout = self.newest
                continue
            old = [shard for shard in layout.shards
                   if shard not in found or newest - found[shard].epoch > STEPS_APART]  # fmt: skip
            if not old:
                break
            for shard in old:
                answer = self.shards[shard].search(pickle.dumps(asked), len(self.log), layout)
                if isinstance(answer, ShardState):
                    self.mend(self.newest)
                    answer = self.shards[shard].search(pickle.dumps(asked), len(self.log), layout)
                assert isinstance(answer, Found)
                found[shard] = answer
                for _ in range(meanwhile):
                    self.move(1 + len(self.layouts) // 9 % MOST, 60)
                meanwhile -= meanwhile > 0
        hits = [hit for shard in layout.shards for hit in found[shard].hits(KNOWN)]
        for each, (answered,) in zip(
            asked, ([one] for one in answers(asked, each_once(hits), len(self.log))), strict=True
        ):
            expected = [[one for one, _ in ranked] for ranked in self.truth.search(each)]
            assert [[one for one, _ in answer.candidates] for answer in answered] == expected


steps = st.lists(
    st.tuples(st.just("add"), changes(), st.integers(0, 3))
    | st.tuples(st.just("move"), st.integers(1, MOST), st.integers(1, 60))
    | st.tuples(st.just("move"), st.integers(1, MOST), st.integers(1, 60))
    | st.tuples(st.just("check"), st.integers(0, 3), st.integers(0, 5))
    | st.tuples(st.just("lose"), st.integers(0, MOST - 1), st.just(0)),
    max_size=20,
)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(shards=st.integers(1, 3), todo=steps)
def test_whatever_moves_every_search_finds_each_candidate_once(shards: int, todo: list) -> None:  # type: ignore[type-arg]
    site = Site(shards)
    site.add([put(number, feature) for number in range(25) for feature in (COSINE, DISTANCE)], 0)
    for what, first, second in todo:
        if what == "add":
            site.add(first, second)
        elif what == "move":
            site.move(first, second)
        elif what == "check":
            asked = [query(7, limit=7), query(8, feature=DISTANCE, limit=30)]
            site.check(asked, first, meanwhile=second)
        elif first in site.newest.shards:
            site.shards[first] = MatchShard(ShardOptions(tuple(FEATURES), 1, shard=first))
            site.mend(site.newest)
    for shard in (2, 3):
        for _ in range(5):
            site.move(shard, 60)
        site.check([query(3, limit=12)], 1, meanwhile=2)
    site.add([gone(3)], 2)
    site.check([query(3, limit=50)], 0)
