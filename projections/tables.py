"""Every read model of the program, on one screen."""

from projections.faces import FACES
from projections.lists import LISTS
from projections.table import Table

INLINE: tuple[Table, ...] = (
    FACES,
    LISTS,
)
"""Kept in the writer's own transaction, so that a client reads its own write at once."""
