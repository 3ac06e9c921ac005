"""Running the match policy: what filters know of a person, who is compared, who is named."""

from collections.abc import Mapping, Sequence

from domain.event_matches import Candidate, EventMatch
from domain.policies.filters import Seen
from domain.policies.match import MatchPolicy
from domain.policies.policies import Policies
from domain.shared.biometrics import DescriptorKind
from domain.shared.estimations import ETHNICITY_IDS, LIVENESS_IDS, BasicAttributes, Liveness


def seen_of(
    basic: BasicAttributes | None,
    liveness: Liveness | None,
    matches: Sequence[EventMatch] = (),
) -> Seen:
    """What filters judge: attributes, liveness, and the candidates found so far."""
    groups = None if basic is None else basic.ethnicities
    similarities: dict[str, list[float]] = {}
    for match in matches:
        found = similarities.setdefault(match.label, [])
        found += (candidate.similarity for candidate in match.candidates)
    return Seen(
        gender=None if basic is None else int(basic.gender),
        age=None if basic is None else min(max(round(basic.age), 0), 100),  # as events show it
        ethnicity=None if groups is None else ETHNICITY_IDS[groups.predominant()],
        liveness=None if liveness is None else LIVENESS_IDS[liveness.prediction],
        similarities=similarities,
    )


def matches_to_run(
    policies: Policies, seen: Seen, descriptors: Mapping[DescriptorKind, object]
) -> list[tuple[int, MatchPolicy]]:
    """The match policies, with their places, that are made for a person with descriptors."""
    return [
        (place, policy)
        for place, policy in enumerate(policies.match_policy)
        if DescriptorKind(policy.descriptor.descriptor_type) in descriptors
        and policy.filters.passes(seen)
    ]


def named(policy: MatchPolicy, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates an event names: similar enough, best first, no more than the limit."""
    enough = [candidate for candidate in found if candidate.similarity >= policy.least]
    enough.sort(key=lambda candidate: -candidate.similarity)
    return tuple(enough[: policy.best])


def event_matches(
    policies: Policies, found: Mapping[int, Sequence[Candidate]]
) -> tuple[EventMatch, ...]:
    """One match per policy, in their order; `found` has the candidates of those that ran."""
    return tuple(
        EventMatch(policy.label, named(policy, found.get(place, ())))
        for place, policy in enumerate(policies.match_policy)
    )
