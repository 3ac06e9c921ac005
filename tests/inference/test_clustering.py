"""Clusters are what comparing everything with everything gives, and are found in little memory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.shared.biometrics import BadDescriptor, Descriptor
from domain.shared.model_features import DescriptorFeature
from inference.clustering import clusters
from inference.matching.gallery import Gallery
from inference.matching.workers import Workers
from tests.inference.matching.galleries import BODIES, COSINE, DISTANCE, descriptor, of
from tests.inference.matching.truth import score

FEATURES = st.sampled_from([COSINE, DISTANCE])
NUMBERS = st.lists(st.integers(0, 120), max_size=60)
THRESHOLDS = st.sampled_from([0.0, 0.3, 0.7, 0.9, 0.99, 1.0]) | st.floats(0, 1)


def gallery_of(descriptors: list[Descriptor], feature: DescriptorFeature) -> Gallery:
    """A gallery of several segments, each of several blocks, though there are few rows."""
    gallery = Gallery(feature, block_rows=8, segment_rows=16)
    gallery.add(descriptors)
    return gallery


def similarities(descriptors: list[Descriptor], feature: DescriptorFeature) -> np.ndarray:
    """Everything compared with everything."""
    sign = -1.0 if feature.calibration.metric == "euclidean" else 1.0
    calibrated = np.vectorize(lambda value: feature.calibration.similarity(sign * float(value)))
    return np.array([calibrated(score(feature, each, descriptors)) for each in descriptors])


def components(edges: np.ndarray) -> list[list[int]]:
    """Connected components, found by walking."""
    left, found = set(range(len(edges))), []
    while left:
        reached, new = set(), {min(left)}
        while new:
            reached |= new
            new = {int(n) for row in new for n in np.flatnonzero(edges[row])} - reached
        found.append(sorted(reached))
        left -= reached
    return sorted(found, key=lambda rows: (-len(rows), rows[0]))


def as_lists(found: list[np.ndarray]) -> list[list[int]]:
    return [rows.tolist() for rows in found]


@given(NUMBERS, FEATURES, THRESHOLDS, st.integers(1, 2))
@settings(max_examples=60, deadline=None)
def test_clusters_are_the_components_of_who_is_similar(
    numbers: list[int], feature: DescriptorFeature, threshold: float, threads: int
) -> None:
    descriptors = [descriptor(number, feature) for number in numbers]
    found = clusters(gallery_of(descriptors, feature), threshold, workers=Workers(threads))
    if not numbers:
        assert found == []
        return
    edges = similarities(descriptors, feature) >= threshold
    assert as_lists(found) == components(edges | edges.T)


@given(NUMBERS.filter(bool), FEATURES, THRESHOLDS, st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_limit_keeps_the_best_neighbours_of_each(
    numbers: list[int], feature: DescriptorFeature, threshold: float, limit: int
) -> None:
    descriptors = [descriptor(number, feature) for number in numbers]
    found = clusters(gallery_of(descriptors, feature), threshold, limit=limit)
    similar = similarities(descriptors, feature)
    edges = np.zeros(similar.shape, np.bool_)
    for row, values in enumerate(similar):
        order = [n for n in np.lexsort((np.arange(len(values)), -values)) if n != row][:limit]
        edges[row, [n for n in order if values[n] >= threshold]] = True
    assert as_lists(found) == components(edges | edges.T)


@given(NUMBERS.filter(bool), st.lists(st.sets(st.integers(0, 59), min_size=1), max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_belongs_together_shares_a_cluster(numbers: list[int], tracks: list[set[int]]) -> None:
    descriptors = [descriptor(number) for number in numbers]
    given_together = [sorted(n % len(numbers) for n in track) for track in tracks]
    together = [np.unique(rows) for rows in given_together]
    found = clusters(gallery_of(descriptors, COSINE), 0.95, together=together)
    edges = similarities(descriptors, COSINE) >= 0.95
    for rows in together:
        edges[np.ix_(rows, rows)] = True
    assert as_lists(found) == components(edges | edges.T)


def test_thousands_alike_are_one_cluster() -> None:
    numbers = [number % 5 + 8 for number in range(5000)]
    gallery = Gallery(COSINE)
    gallery.add([descriptor(number) for number in numbers])
    (only,) = clusters(gallery, 0.01, workers=Workers(2))
    assert only.tolist() == [*range(5000)]


def test_people_who_are_added_in_parts_are_told_apart() -> None:
    people, each = 300, 7
    random = np.random.default_rng(3)
    faces = random.standard_normal((people, BODIES.dimension))
    rows = np.repeat(faces, each, axis=0) + 0.3 * random.standard_normal(
        (people * each, BODIES.dimension)
    )
    order = random.permutation(len(rows))
    gallery = Gallery(BODIES, block_rows=256, segment_rows=1024)
    for part in np.array_split(order, 5):
        gallery.add([of(row, BODIES) for row in rows[part].astype(np.float32)])
    found = clusters(gallery, 0.5, workers=Workers(2))
    assert {frozenset(order[rows] // each) for rows in found} == {
        frozenset({person}) for person in range(people)
    }
    assert {len(rows) for rows in found} == {each}


def test_a_descriptor_of_another_dimension_is_refused() -> None:
    with pytest.raises(BadDescriptor):
        Gallery(COSINE).add([descriptor(1, BODIES)])


def test_a_pause_that_raises_ends_the_work() -> None:
    def pause() -> None:
        raise InterruptedError

    gallery = gallery_of([descriptor(n) for n in range(40)], COSINE)
    for limit in (None, 3):
        with pytest.raises(InterruptedError):
            clusters(gallery, 0.5, limit=limit, pause=pause)
