"""Pages far into long answers: what is skipped is counted in an index, and never fetched."""

from typing import Final

from psycopg.sql import SQL, Composable, Identifier

from projections.filtering import Page

FAR: Final = 1000
"""Behind so many rows a second look at those of the page costs less than looking at all before."""

_NEAR_PAGE: Final = "FROM {table} WHERE {condition} ORDER BY {order} LIMIT %s OFFSET %s"
_FAR_PAGE: Final = (
    "FROM {table} WHERE {key} = ANY(ARRAY(SELECT {key} " + _NEAR_PAGE + ")) ORDER BY {order}"
)


def on_page(
    table: str, key: str, condition: Composable, order: Composable, page: Page
) -> Composable:
    """The rows of the page, from FROM on; its last placeholders are page size and offset."""
    query = _FAR_PAGE if page.offset >= FAR else _NEAR_PAGE
    return SQL(query).format(
        table=Identifier(table), key=Identifier(key), condition=condition, order=order
    )
