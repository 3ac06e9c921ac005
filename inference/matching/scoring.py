"""Exact scores of float32 rows, larger for more alike, and their calibration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from domain.shared.biometrics import BadDescriptor, Descriptor
from domain.shared.similarity import Calibration
from inference.descriptors.similarity import similarities
from inference.matching.quantise import Vectors
from inference.native import numkong

Scores = NDArray[np.float32]

# Squares of longer vectors, times the scale of codes, would leave the range of float32.
_MAX_LENGTH: Final = 1e12
_SHORTEST: Final = 1e-12
# The high bytes of numbers below 2^33: rows of 4096 of them are short enough.
_SMALL: Final = bytes([*range(0x50), *range(0x80, 0xD0)])
_CERTAIN: Final = 1e-9
_CHUNK: Final = 512
# More than rounding a score to float32 can move it.
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Scoring:
    """How vectors of one version are compared.

    A score is a cosine or a negated distance. A product is what codes approximate: the cosine,
    or q.x - |x|^2/2, which is larger the closer x is to q. Sums are taken in double precision
    and rounded to float32 once, so equal vectors have equal scores wherever they lie.
    """

    calibration: Calibration

    @property
    def by_distance(self) -> bool:
        """Whether scores are negated distances."""
        return self.calibration.metric == "euclidean"

    def require_lengths(self, descriptors: Sequence[Descriptor]) -> None:
        """Refuse vectors that are too long to be compared (`BadDescriptor`)."""
        for descriptor in descriptors:
            if descriptor.data[3::4].translate(None, _SMALL):
                self.rows([descriptor])

    def rows(self, descriptors: Sequence[Descriptor]) -> Vectors:
        """Vectors to compare (n, d), of length one where cosines are asked for."""
        count = len(descriptors)
        rows = np.empty((count, descriptors[0].dimension if count else 0), np.float32)
        for start in range(0, count, _CHUNK):
            part = descriptors[start : start + _CHUNK]
            data = b"".join([each.data for each in part])
            values = np.frombuffer(data, "<f4").reshape(len(part), -1)
            lengths = np.sqrt(np.einsum("ij,ij->i", values, values, dtype=np.float64))
            if lengths.max() > _MAX_LENGTH:
                raise BadDescriptor(f"its length is above {_MAX_LENGTH:g}")
            if self.by_distance:
                rows[start : start + _CHUNK] = values
            else:
                by = np.maximum(lengths, _SHORTEST)[:, None]
                np.divide(values, by, out=rows[start : start + _CHUNK], casting="same_kind")
        return rows

    def scores(self, rows: Vectors, reference: Vectors) -> Scores:
        """The score of each row (n, d) with one reference (1, d)."""
        scores = np.empty((len(rows), 1), np.float64)
        if not len(rows):
            return np.empty(0, np.float32)
        if self.by_distance:
            numkong.cdist(rows, reference, metric="sqeuclidean", out=scores)
            return -np.sqrt(scores[:, 0]).astype(np.float32)
        numkong.cdist(rows, reference, metric="dot", out=scores)
        return np.clip(scores[:, 0], -1.0, 1.0).astype(np.float32)

    def paired(self, first: Vectors, second: Vectors) -> Scores:
        """The score of each row (n, d) with the row of the same number among others (n, d)."""
        if self.by_distance:
            apart = first.astype(np.float64) - second
            return np.asarray(-np.sqrt(np.einsum("ij,ij->i", apart, apart)), np.float32)
        cosines = np.einsum("ij,ij->i", first, second, dtype=np.float64)
        return np.asarray(np.clip(cosines, -1.0, 1.0), np.float32)

    def product(self, score: float, reference_length: float) -> float:
        """The least product that a row of at least this score can have."""
        if math.isinf(score):
            return score
        if not self.by_distance:
            return score - _ROUNDING
        distance = max(-score, 0.0) * (1.0 + _ROUNDING) + _ROUNDING
        slack = _ROUNDING * (1.0 + reference_length**2)
        return (reference_length**2 - distance**2) / 2.0 - slack

    def least_score(self, threshold: float) -> float:
        """The score that similarities from the threshold have at least."""
        if threshold <= _CERTAIN:
            return -math.inf
        # Odds near certainty are known to few digits; a lower bound is what is wanted.
        score = self.calibration.score(min(threshold, 1.0 - _CERTAIN) * (1.0 - _CERTAIN))
        return -score if self.by_distance else score

    def similarities(self, scores: Scores) -> NDArray[np.float64]:
        """The calibrated similarities (0 to 1) of scores."""
        return similarities(-scores if self.by_distance else scores, self.calibration)
