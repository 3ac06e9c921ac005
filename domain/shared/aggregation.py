"""One estimation of several that were made of the same person."""

from collections.abc import Sequence
from dataclasses import fields, replace
from statistics import fmean
from typing import TypeVar

from domain.shared.estimations import (
    BasicAttributes,
    Emotions,
    Ethnicities,
    Gender,
    Liveness,
    Mask,
)
from domain.shared.image_refusals import NothingToAggregate

Scores = TypeVar("Scores", Emotions, Mask, Ethnicities)


def mean_scores(estimations: Sequence[Scores]) -> Scores:
    """The mean of every probability."""
    first = _first(estimations)
    names = [item.name for item in fields(first)]
    means = {name: fmean(getattr(item, name) for item in estimations) for name in names}
    return replace(first, **means)


def mean_liveness(estimations: Sequence[Liveness]) -> Liveness:
    """The mean of scores and qualities, judged by the first one's thresholds.

    Estimations that are too poor to tell count only when all of them are.
    """
    first = _first(estimations)
    telling = [item for item in estimations if item.quality >= item.quality_threshold]
    counted = telling or estimations
    quality = fmean(item.quality for item in counted)
    return replace(first, quality=quality, score=fmean(item.score for item in counted))


def mean_basic_attributes(estimations: Sequence[BasicAttributes]) -> BasicAttributes:
    """The mean age, the gender with more weight, and the mean of ethnic groups."""
    _first(estimations)
    male = fmean(
        item.gender_score if item.gender is Gender.MALE else 1.0 - item.gender_score
        for item in estimations
    )
    groups = [item.ethnicities for item in estimations if item.ethnicities is not None]
    return BasicAttributes(
        age=fmean(item.age for item in estimations),
        gender=Gender.MALE if male >= 0.5 else Gender.FEMALE,
        ethnicities=mean_scores(groups) if groups else None,
        gender_score=max(male, 1.0 - male),
    )


Item = TypeVar("Item")


def _first(items: Sequence[Item]) -> Item:
    if not items:
        raise NothingToAggregate("no estimations")
    return items[0]
