"""Running policies: several images of one person, matches, tags, storage."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.event_matches import Candidate
from domain.policies.filters import Seen
from domain.policies.policies import Policies
from domain.policies.run_extract import (
    estimations_together,
    events_of,
    extract_wanted,
    score_reason,
)
from domain.policies.run_match import event_matches, matches_to_run
from domain.policies.run_storage import event_tags, origin_reference, storage_plan
from domain.policies.storage import ImageOriginPolicy
from domain.shared.biometrics import DescriptorKind
from domain.shared.detections import (
    FaceEstimations,
)
from domain.shared.estimations import (
    Emotions,
    Gaze,
    Mask,
)

MASKED = Mask(medical_mask=0.8, missing=0.1, occluded=0.1)


def policies(**parts: Any) -> Policies:
    """Policies of JSON values."""
    return Policies.model_validate(parts)


@given(st.lists(st.integers()))
def test_each_makes_an_event_of_its_own_or_all_make_one(found: list[int]) -> None:
    assert events_of(found, aggregate=False) == [[one] for one in found]
    assert events_of(found, aggregate=True) == ([found] if found else [])


# Extraction


def test_what_is_extracted_follows_the_policy() -> None:
    wanted = policies(extract_policy={"extract_basic_attributes": 1, "extract_face_descriptor": 0})
    assert extract_wanted(wanted.extract_policy).basic_attributes
    assert not extract_wanted(wanted.extract_policy).descriptor
    assert extract_wanted(policies().extract_policy, aggregate=True).aggregate


@pytest.mark.parametrize(("score", "dropped"), [(0.59, True), (0.6, False), (1.0, False)])
def test_a_descriptor_below_the_score_is_dropped(score: float, dropped: bool) -> None:
    policy = policies(extract_policy={"fd_score_threshold": 0.6}).extract_policy

    reason = score_reason(policy, score)

    assert (reason is not None) is dropped
    if reason is not None:
        assert reason.as_dict() == {
            "filter_name": "score_threshold",
            "object_value": score,
            "threshold_value": 0.6,
        }


def test_only_liveness_mask_and_emotions_are_taken_together() -> None:
    happy = Emotions(0, 0, 0, 1, 0, 0, 0)
    sad = Emotions(0, 0, 0, 0, 0, 1, 0)
    several = [
        FaceEstimations(mask=MASKED, emotions=happy, gaze=Gaze(1, 1)),
        FaceEstimations(mask=MASKED, emotions=sad),
        FaceEstimations(),
    ]

    together = estimations_together(several)

    assert together.mask == MASKED
    assert together.emotions == Emotions(0, 0, 0, 0.5, 0, 0.5, 0)
    assert together.gaze is None
    assert together.liveness is None
    assert estimations_together([]) == FaceEstimations()


# Matches


def match(label: str, **more: Any) -> dict[str, Any]:
    """A match policy over faces, or as told."""
    return {"label": label, "candidates": {"origin": "faces"}, **more}


def test_a_match_runs_for_those_who_pass_and_have_the_descriptor() -> None:
    of_body = {"candidates": {"origin": "events"}, "descriptor": {"descriptor_type": "body"}}
    wanted = policies(
        match_policy=[match("all"), match("men", filters={"gender": 1}), match("coat", **of_body)]
    )

    def run(seen: Seen, *kinds: DescriptorKind) -> list[str]:
        return [policy.label for _, policy in matches_to_run(wanted, seen, dict.fromkeys(kinds))]

    assert run(Seen(gender=1), DescriptorKind.FACE) == ["all", "men"]
    assert run(Seen(), DescriptorKind.FACE) == ["all"]
    assert run(Seen(), DescriptorKind.FACE, DescriptorKind.BODY) == ["all", "coat"]
    assert run(Seen(gender=1)) == []
    places = matches_to_run(wanted, Seen(), {DescriptorKind.BODY: 1})
    assert [place for place, _ in places] == [2]


@given(st.lists(st.floats(0, 1)), st.integers(1, 5), st.floats(0, 1))
def test_the_best_are_named_that_are_similar_enough(
    similarities: list[float], limit: int, threshold: float
) -> None:
    wanted = policies(match_policy=[match("a", limit=limit, threshold=threshold), match("b")])
    found = [Candidate("face", uuid4(), similarity) for similarity in similarities]

    first, second = event_matches(wanted, {0: found})

    enough = sorted((s for s in similarities if s >= threshold), reverse=True)
    assert [candidate.similarity for candidate in first.candidates] == enough[:limit]
    assert (second.label, second.candidates) == ("b", ())


# Tags and storage


def test_tags_of_the_request_come_first_and_each_once() -> None:
    wanted = policies(
        conditional_tags_policy=[
            {"tag": "man", "filters": {"gender": 1}},
            {"tag": "woman", "filters": {"gender": 0}},
            {"tag": "gate"},
        ]
    )
    assert event_tags(wanted, ("gate", "x", "x"), Seen(gender=1)) == ("gate", "x", "man")


def test_by_default_samples_and_the_event_are_kept_and_subscribers_told() -> None:
    plan = storage_plan(policies(), Seen())

    assert plan.face_sample
    assert plan.body_sample
    assert plan.event
    assert plan.wait_saving
    assert plan.notify
    assert not any((plan.image, plan.face, plan.avatar, plan.list_ids))
    assert plan.attribute_ttl is None


MEN = {"filters": {"gender": 1}}
STAFF, MEN_ONLY = UUID(int=1), UUID(int=2)
EVERYTHING: dict[str, Any] = {
    "face_sample_policy": MEN,
    "body_sample_policy": MEN,
    "image_origin_policy": {"store_image": 1, **MEN},
    "attribute_policy": {"store_attribute": 1, "ttl": 60, **MEN},
    "face_policy": {"store_face": 1, "link_to_lists_policy": [{"list_id": str(STAFF)}], **MEN},
    "event_policy": {"wait_saving": 0, **MEN},
    "notification_policy": MEN,
}


def test_every_part_is_kept_only_for_those_who_pass_its_filters() -> None:
    wanted = policies(storage_policy=EVERYTHING)
    man, woman = storage_plan(wanted, Seen(gender=1)), storage_plan(wanted, Seen(gender=0))

    for name in ("face_sample", "body_sample", "image", "face", "avatar", "event", "notify"):
        assert getattr(man, name) is True
        assert getattr(woman, name) is False
    assert (man.attribute_ttl, woman.attribute_ttl) == (60, None)
    assert (man.list_ids, woman.list_ids) == ((STAFF,), ())
    assert man.wait_saving is False


def test_a_new_face_joins_each_list_whose_filters_pass_once() -> None:
    links = [
        {"list_id": str(STAFF)},
        {"list_id": str(MEN_ONLY), **MEN},
        {"list_id": str(STAFF)},
    ]
    wanted = policies(
        storage_policy={"face_policy": {"store_face": 1, "link_to_lists_policy": links}}
    )
    assert storage_plan(wanted, Seen(gender=1)).list_ids == (STAFF, MEN_ONLY)
    assert storage_plan(wanted, Seen(gender=0)).list_ids == (STAFF,)


@pytest.mark.parametrize(("sample", "avatar", "has"), [(1, 1, True), (0, 1, False), (1, 0, False)])
def test_a_face_has_a_kept_sample_as_its_avatar(sample: int, avatar: int, has: bool) -> None:
    wanted = policies(
        storage_policy={
            "face_sample_policy": {"store_sample": sample},
            "face_policy": {"store_face": 1, "set_sample_as_avatar": avatar},
        }
    )
    assert storage_plan(wanted, Seen()).avatar is has


def test_a_short_address_stands_for_the_image_when_the_policy_allows() -> None:
    allowed = ImageOriginPolicy(store_image=1, use_external_references=1)
    short, long = f"http://a/{'x' * 247}", f"http://a/{'x' * 248}"

    assert origin_reference(allowed, short) == short
    assert origin_reference(allowed, long) is None
    assert origin_reference(allowed, None) is None
    assert origin_reference(ImageOriginPolicy(store_image=1), short) is None
