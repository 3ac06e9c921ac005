"""Bodies about verifiers."""

from uuid import UUID

from pydantic import BaseModel

from domain.policies.verify import VerifierPolicies
from domain.shared.fields import Record, Time, UserData


class VerifierCreate(Record):
    """A verifier to make, or to be instead of another."""

    description: UserData = ""
    policies: VerifierPolicies = VerifierPolicies()


class VerifierCreated(BaseModel):
    """Where a new verifier is."""

    verifier_id: UUID
    url: str
    external_url: str


class VerifierView(BaseModel):
    """A verifier, its policies with all defaults filled in."""

    verifier_id: UUID
    account_id: UUID
    description: str
    policies: VerifierPolicies
    create_time: Time
    last_update_time: Time
    version: int


class VerifierVersion(BaseModel):
    """How often a verifier was replaced."""

    version: int


class VerifiersCount(BaseModel):
    """How many verifiers there are."""

    verifiers_count: int
