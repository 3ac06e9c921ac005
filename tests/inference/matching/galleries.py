"""Candidates and references for tests of matching, made from numbers."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import Descriptor, DescriptorKind
from domain.shared.model_features import DescriptorFeature
from domain.shared.similarity import Calibration
from inference.matching.values import Origin, PutCandidate

FACE, BODY = DescriptorKind.FACE, DescriptorKind.BODY
ACCOUNTS = [UUID(int=(7 << 64) + number) for number in range(3)]
LISTS = [UUID(int=(9 << 64) + number) for number in range(3)]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)

COSINE = DescriptorFeature(FACE, 1, 128, Calibration(12.0, -5.0))
NEWER = DescriptorFeature(FACE, 2, 256, Calibration(9.0, -3.0))
DISTANCE = DescriptorFeature(FACE, 3, 128, Calibration(-11.0, 6.0, "euclidean"), unit_length=False)
BODIES = DescriptorFeature(BODY, 1, 512, Calibration(14.0, -9.0))
FEATURES = (COSINE, NEWER, DISTANCE, BODIES)


def vector(number: int, feature: DescriptorFeature = COSINE) -> NDArray[np.float32]:
    """Always the same vector for a number: zero, a person, or one of people much alike."""
    if number == 0:
        return np.zeros(feature.dimension, np.float32)
    person = np.random.default_rng(number // 8).standard_normal(feature.dimension)
    noise = np.random.default_rng([number, 1]).standard_normal(feature.dimension)
    return np.asarray((person + 0.5 * noise) / feature.dimension**0.5, np.float32)


@cache
def descriptor(number: int, feature: DescriptorFeature = COSINE) -> Descriptor:
    """The descriptor of a number's vector."""
    return of(vector(number, feature), feature)


def of(row: NDArray[np.float32], feature: DescriptorFeature = COSINE) -> Descriptor:
    """The descriptor of a vector."""
    return Descriptor(feature.kind, feature.version, np.asarray(row, "<f4").tobytes())


def candidate_id(number: int) -> UUID:
    """Ids in no order: the number's bits are spread."""
    return UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC834) % (1 << 128))


def put(
    number: int,
    feature: DescriptorFeature = COSINE,
    *,
    looks: int | None = None,
    origin: Origin = Origin.FACES,
    lists: Sequence[UUID] = (),
) -> PutCandidate:
    """A candidate whose account, time, gender and age follow from its number."""
    return PutCandidate(
        origin=origin,
        candidate_id=candidate_id(number),
        account_id=ACCOUNTS[number % 5 % 3],
        descriptor=descriptor(number if looks is None else looks, feature),
        create_time=EPOCH + timedelta(seconds=number % 50),
        list_ids=tuple(lists),
        gender=(0, 1, None)[number % 3],
        age=None if number % 7 == 0 else number % 90,
    )
