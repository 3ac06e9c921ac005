"""Policies against the contract: every name, type, limit and default, and every example."""

import json
from typing import Any

from domain.policies.policies import Policies
from domain.policies.quality import NEWER
from domain.shared.fields import point_in_time
from tests.support.contract_schemas import (
    contract_schema,
    differences,
    examples,
    needs_contract,
    needs_examples,
    plain,
)

SCHEMA = plain(Policies.model_json_schema(), Policies.model_json_schema())

# What the contract leaves open and would hurt without a bound.
BOUNDED_BY_US = {
    ".match_policy: maxItems 30, contract None",
    ".match_policy[].limit: maximum 1000, contract None",
    ".match_policy[].candidates.age__gte: maximum 2147483647, contract None",
    ".match_policy[].candidates.age__gte: minimum -2147483648, contract None",
    ".match_policy[].candidates.age__lt: maximum 2147483647, contract None",
    ".match_policy[].candidates.age__lt: minimum -2147483648, contract None",
    ".conditional_tags_policy: maxItems 100, contract None",
    ".storage_policy.face_policy.link_to_lists_policy: maxItems 100, contract None",
}

# Checks of later clients, which the contract knows in answers only.
NEWER_CHECKS = {f".detect_policy.face_quality.checks.{name}: only in ours" for name in NEWER}

# Fields of policies that later clients show, which the contract does not list.
NEWER_FIELDS = {
    *(
        ".storage_policy.callbacks: only in ours",
        ".detect_policy.face_occlusion_states: only in ours",
    ),
    ".detect_policy.estimate_face_occlusion: only in ours",
    ".detect_policy.estimate_people_count: only in ours",
    ".storage_policy.face_sample_policy.ttl: only in ours",
    ".storage_policy.body_sample_policy.ttl: only in ours",
    ".storage_policy.image_origin_policy.ttl: only in ours",
    ".match_policy[].candidates.end_time__gte: 2 alternatives, contract 1",
    ".match_policy[].candidates.end_time__lt: 2 alternatives, contract 1",
}


@needs_contract
def test_every_name_type_limit_and_default_is_the_contracts() -> None:
    found = list(differences(SCHEMA, contract_schema("Policies")))

    ours = {one.removeprefix("+") for one in found if one.startswith("+")}
    newer = {one for one in found if not one.startswith("+")}
    assert newer == NEWER_CHECKS | NEWER_FIELDS
    labels = {one for one in ours if one.endswith(".label: maxLength 128, contract None")}
    assert len(labels) == 10  # that of match policies, and those of filters
    assert ours - labels == BOUNDED_BY_US


@needs_examples
def test_every_published_example_of_policies_is_accepted_and_shown_again() -> None:
    found = [body for body in examples("detect_policy") if "extract_policy" in body]
    assert len(found) > 5
    for body in found:
        if "match_policy" in body and '"string"' not in json.dumps(body):  # a placeholder
            _contains(Policies.model_validate(body).as_dict(), body)


def _contains(shown: Any, given_part: Any) -> None:
    """Whatever was given is shown, beside what was filled in."""
    if isinstance(given_part, dict):
        for name, inner in given_part.items():
            _contains(shown[name], inner)
    elif isinstance(given_part, list):
        assert len(shown) == len(given_part)
        for one, other in zip(shown, given_part, strict=True):
            _contains(one, other)
    elif isinstance(given_part, str) and given_part.endswith("Z"):
        assert point_in_time(shown) == point_in_time(given_part)
    else:
        assert shown == given_part
