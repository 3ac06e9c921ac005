"""The refusals of what tasks of some kind are asked to do."""

from api.catalogue.entry import BAD_INPUT, NOT_FOUND, Entries, Entry
from domain.estimator_task import ImageOfSourceRefused, NoImagesInSource, SourceRefused
from domain.task_refusals import (
    ColumnOfOtherObjects,
    ContradictoryMarkup,
    NoClustersToReport,
    NoPairsToRate,
    NothingSelected,
    TooManyImageBytes,
    TooManySelected,
)

ENTRIES: Entries = {
    NothingSelected: Entry(28010, 404, "Objects not found"),
    TooManySelected: Entry(90110, 400, BAD_INPUT),
    NoPairsToRate: Entry(90111, 400, BAD_INPUT),
    ContradictoryMarkup: Entry(90112, 400, BAD_INPUT),
    NoClustersToReport: Entry(90113, 404, NOT_FOUND),
    ColumnOfOtherObjects: Entry(90114, 400, BAD_INPUT),
    TooManyImageBytes: Entry(90115, 400, BAD_INPUT),
    SourceRefused: Entry(90116, 400, BAD_INPUT),
    NoImagesInSource: Entry(90117, 404, "Objects not found"),
    ImageOfSourceRefused: Entry(90118, 400, BAD_INPUT),
}
