"""The stages that look at persons: whom they match, their tags, and what is kept of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.pipelines.match import Comparison, MatchStage
from api.pipelines.people import Person
from domain.event_matches import Candidate, EventMatch
from domain.policies.policies import Policies
from domain.policies.run_match import event_matches, matches_to_run, seen_of
from domain.policies.run_storage import StoragePlan, event_tags, storage_plan
from domain.shared.biometrics import DescriptorKind


@dataclass(frozen=True, slots=True)
class Decided:
    """A person with everything that policies say: matches in their order, tags, what is kept."""

    person: Person
    matches: tuple[EventMatch, ...]
    tags: tuple[str, ...]
    plan: StoragePlan


async def decide(
    matching: MatchStage,
    account_id: UUID,
    policies: Policies,
    people: Sequence[Person],
    tags: Sequence[str],
) -> list[Decided]:
    """Match all persons together, then judge each; `tags` are those of the request."""
    asked: list[tuple[int, int, Comparison]] = []
    for index, person in enumerate(people):
        seen = seen_of(person.basic, person.liveness)
        for place, policy in matches_to_run(policies, seen, person.descriptors):
            kind = DescriptorKind(policy.descriptor.descriptor_type)
            asked.append((index, place, Comparison(policy, person.descriptors[kind])))
    found: list[dict[int, Sequence[Candidate]]] = [{} for _ in people]
    if asked:
        answers = await matching.match(account_id, [comparison for _, _, comparison in asked])
        for (index, place, _), candidates in zip(asked, answers, strict=True):
            found[index][place] = candidates
    return [
        _judged(policies, person, event_matches(policies, matched), tags)
        for person, matched in zip(people, found, strict=True)
    ]


def _judged(
    policies: Policies, person: Person, matches: tuple[EventMatch, ...], tags: Sequence[str]
) -> Decided:
    seen = seen_of(person.basic, person.liveness, matches)
    return Decided(person, matches, event_tags(policies, tags, seen), storage_plan(policies, seen))
