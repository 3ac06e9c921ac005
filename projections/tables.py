"""Every read model of the program, on one screen."""

from projections.faces import FACES
from projections.images import IMAGES
from projections.lists import LISTS
from projections.objects import OBJECTS
from projections.samples import SAMPLES
from projections.table import Table

INLINE: tuple[Table, ...] = (
    FACES,
    LISTS,
    SAMPLES,
    IMAGES,
    OBJECTS,
)
"""Kept in the writer's own transaction, so that a client reads its own write at once."""
