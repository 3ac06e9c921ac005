"""Clustering tasks: faces or events grouped by who looks alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final
from uuid import UUID

import numpy as np

from api.workers.tasks.kind import PartDone, TaskResult, Work
from api.workers.tasks.selection import selected_ids
from api.workers.tasks.vectors import descriptors_of, feature_of
from domain.shared.fields import Record
from domain.task_kinds import MOST_CLUSTERED, ClusteringContent
from domain.task_refusals import NothingSelected, TooManySelected
from projections.events import EventFilter, list_events
from ray_cluster.galleries import Gallery, clusters

_PAGE: Final = 1000


class Clustering:
    """Compares all with all; who is connected, directly or through others, shares a cluster."""

    name: ClassVar[str] = "clustering"
    number: ClassVar[int] = 2
    content: ClassVar[type[Record]] = ClusteringContent
    partial: ClassVar[bool] = False

    def split(self, work: Work, content: ClusteringContent) -> Sequence[Mapping[str, Any]]:
        """One part: a cluster may reach from any object to any other."""
        return [content.as_dict()]

    def run(self, work: Work, content: ClusteringContent, part: Mapping[str, Any]) -> PartDone:
        """The clusters, the largest first; objects without the descriptor are left out."""
        ids = selected_ids(work.reader, work.account_id, content.objects_type, content.filters)
        if not ids:
            raise NothingSelected("clustering")
        if len(ids) > MOST_CLUSTERED:
            raise TooManySelected(len(ids), "clustering", MOST_CLUSTERED)
        feature = feature_of(work, content.descriptor.type)
        gallery, compared = Gallery(feature), list[UUID]()
        for some in descriptors_of(work, ids, feature):
            gallery.add([descriptor for _, descriptor in some])
            compared += [one for one, _ in some]
        found = clusters(
            gallery,
            content.threshold,
            limit=content.limit,
            together=_tracks(work, compared) if _by_track(content) else (),
            pause=work.check,
        )
        groups = [[str(compared[row]) for row in rows] for rows in found]
        return PartDone(
            {
                "clusters": groups,
                "total_clusters": len(groups),
                "total_objects": len(compared),
            }
        )

    def merge(self, work: Work, content: ClusteringContent, results: Iterable[Any]) -> TaskResult:
        """What the only part found."""
        (found,) = results
        return TaskResult(found)


def _by_track(content: ClusteringContent) -> bool:
    params = content.params
    return content.objects_type == "events" and params is not None and bool(params.use_track_info)


def _tracks(work: Work, event_ids: Sequence[UUID]) -> Iterable[np.ndarray[Any, Any]]:
    """The places of events that share a track."""
    places = {event_id: place for place, event_id in enumerate(event_ids)}
    by_track: dict[str, list[int]] = defaultdict(list)
    for start in range(0, len(event_ids), _PAGE):
        page = list(event_ids[start : start + _PAGE])
        wanted = EventFilter(event_ids=page, target=["event_id", "track_id"], page_size=_PAGE)
        for row in list_events(work.reader, work.account_id, wanted):
            if row["track_id"]:
                by_track[row["track_id"]].append(places[row["event_id"]])
    return [np.array(sorted(rows)) for rows in by_track.values()]
