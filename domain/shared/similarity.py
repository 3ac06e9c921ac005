"""How alike two descriptors are, in the unit of thresholds: 0 to 1."""

import math
from dataclasses import dataclass
from typing import Literal

Metric = Literal["cosine", "euclidean"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Score to similarity: a logistic curve, scaled so that equal descriptors have exactly 1.

    `metric` says what the score of two descriptors is: their cosine, or their Euclidean distance
    (then the slope is negative). `threshold` is the similarity from which the pack's author calls
    two faces one person.
    """

    slope: float
    intercept: float
    metric: Metric = "cosine"
    threshold: float = 0.9

    def similarity(self, score: float) -> float:
        """How sure it is, 0 to 1, that the score is one of a matching pair."""
        return min(self._logistic(score) / self.of_equals, 1.0)

    def score(self, similarity: float) -> float:
        """The score that has this similarity, for thresholds given by clients."""
        bounded = min(max(similarity * self.of_equals, 1e-12), 1.0 - 1e-12)
        return (math.log(bounded / (1.0 - bounded)) - self.intercept) / self.slope

    def _logistic(self, score: float) -> float:
        power = min(max(self.slope * score + self.intercept, -700.0), 700.0)
        return 1.0 / (1.0 + math.exp(-power))

    @property
    def of_equals(self) -> float:
        """The curve's value for equal descriptors, by which it is scaled."""
        return self._logistic(1.0 if self.metric == "cosine" else 0.0)
