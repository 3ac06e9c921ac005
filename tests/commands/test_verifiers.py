"""The rules of verifiers."""

from typing import Any
from uuid import uuid4

import pytest

from commands.command import Command
from commands.verifiers import CreateVerifier, DeleteVerifier, ReplaceVerifier
from domain.policies.verify import VerifierPolicies
from domain.verifiers import Verifier, VerifierNotFound
from tests.support.scenario import Scenario

ACCOUNT = uuid4()
SAID: dict[str, Any] = {"description": "door", "policies": VerifierPolicies().as_dict()}


def test_a_verifier_is_made_with_its_policies() -> None:
    verifier_id = uuid4()

    Scenario().when(CreateVerifier(account_id=ACCOUNT, verifier_id=verifier_id, **SAID)).then(
        (Verifier.Created, {"originator_id": verifier_id, "account_id": ACCOUNT, **SAID}),
    ).then_answered(verifier_id)


def test_every_replacement_counts_one_edition() -> None:
    for edition in (1, 2):
        verifier = Verifier(ACCOUNT, **SAID)
        for _ in range(edition - 1):
            verifier.replace(**SAID)
        replace = ReplaceVerifier(account_id=ACCOUNT, verifier_id=verifier.id, **SAID)

        replaced = Scenario().given(verifier).when(replace)

        replaced.then((Verifier.Replaced, {"edition": edition, **SAID})).then_answered(edition)


def test_a_deleted_verifier_is_missing() -> None:
    verifier = Verifier(ACCOUNT, **SAID)
    delete = DeleteVerifier(account_id=ACCOUNT, verifier_id=verifier.id)

    scenario = Scenario().given(verifier).when(delete).then((Verifier.Deleted, {}))

    scenario.when(delete).then_refused(VerifierNotFound, verifier.id)


@pytest.mark.parametrize("kind", [ReplaceVerifier, DeleteVerifier])
def test_a_foreign_verifier_is_left_alone(kind: type[Command[Any]]) -> None:
    theirs = Verifier(uuid4(), **SAID)
    fields: dict[str, Any] = {"verifier_id": theirs.id}
    if kind is ReplaceVerifier:
        fields |= SAID

    Scenario().given(theirs).when(kind(account_id=ACCOUNT, **fields)).then_refused(
        VerifierNotFound, theirs.id
    )
