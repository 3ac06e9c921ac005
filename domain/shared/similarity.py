"""How alike two descriptors are, in the unit of thresholds: 0 to 1."""

import math
from dataclasses import dataclass
from typing import Literal

Metric = Literal["cosine", "euclidean"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Score to similarity: 1 / (1 + exp(-(slope * score + intercept))).

    `metric` says what the score of two descriptors is: their cosine, or their Euclidean distance
    (then the slope is negative). `threshold` is the similarity from which the pack's author calls
    two faces one person.
    """

    slope: float
    intercept: float
    metric: Metric = "cosine"
    threshold: float = 0.9

    def similarity(self, score: float) -> float:
        """The probability, 0 to 1, that the score is one of a matching pair."""
        power = min(max(self.slope * score + self.intercept, -700.0), 700.0)
        return 1.0 / (1.0 + math.exp(-power))

    def score(self, similarity: float) -> float:
        """The score that has this similarity, for thresholds given by clients."""
        bounded = min(max(similarity, 1e-12), 1.0 - 1e-12)
        return (math.log(bounded / (1.0 - bounded)) - self.intercept) / self.slope
