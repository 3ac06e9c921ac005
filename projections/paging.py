"""Pages of long answers: what lies before a page is counted in an index, or known already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from psycopg.sql import SQL, Composable, Identifier

from projections.database import Reader, Row
from projections.filtering import Conditions, Page
from projections.row_blocks import ALL_ACCOUNTS

Way = Literal["asc", "desc"]
Where = tuple[Composable, list[Any]]
"""A condition and its values."""

FAR: Final = 1000
"""Behind so many rows a second look at those of the page costs less than looking at all before."""

_NEAR_PAGE: Final = "FROM {table} WHERE {condition} ORDER BY {order} LIMIT %s OFFSET %s"
_FAR_PAGE: Final = (
    "FROM {table} WHERE {key} = ANY(ARRAY(SELECT {key} " + _NEAR_PAGE + ")) ORDER BY {order}"
)
# `before` is one row, or none behind the last row; then nothing compares with it.
_BLOCK_PAGE: Final = """WITH marked AS MATERIALIZED (
        SELECT DISTINCT start_time FROM row_block_marks WHERE of_table = {oid} AND scope = %s
    ), placed AS MATERIALIZED (
        SELECT start_time, stop_time, CASE
            WHEN rows IS NOT NULL AND start_time NOT IN (SELECT start_time FROM marked) AND {whole}
            THEN rows ELSE (
                SELECT count(*)::integer FROM {table} WHERE {owner} AND create_time >= b.start_time
                AND create_time < b.stop_time AND {bounds}
            ) END AS rows
        FROM counted_blocks b WHERE of_table = {oid} AND scope = %s AND {touched}
    ), counted AS (
        SELECT *, sum(rows) OVER (ORDER BY start_time {way}) AS upto FROM placed
    ), before AS MATERIALIZED (
        SELECT start_time, stop_time, upto - rows AS rows FROM counted
        WHERE upto - rows <= %s AND upto > %s
    )
    SELECT {columns} FROM {table} WHERE {key} = ANY(ARRAY(
        SELECT {key} FROM {table} WHERE {condition} AND {start}
        ORDER BY {order} LIMIT %s OFFSET (SELECT %s - rows FROM before)
    )) ORDER BY {order}"""
_STARTS: Final[Mapping[Way, str]] = {
    "asc": "create_time >= (SELECT start_time FROM before)",
    "desc": "create_time < (SELECT stop_time FROM before)",
}
_COUNTED: Final = """SELECT EXISTS (SELECT FROM counted_blocks
    WHERE of_table = {oid} AND scope = %s AND rows IS NOT NULL)"""


def on_page(
    table: str, key: str, condition: Composable, order: Composable, page: Page
) -> Composable:
    """The rows of the page, from FROM on; its last placeholders are page size and offset."""
    query = _FAR_PAGE if page.offset >= FAR else _NEAR_PAGE
    return SQL(query).format(
        table=Identifier(table), key=Identifier(key), condition=condition, order=order
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The rows of an account created from `since` on and before `until`, and no others.

    Without an account, those of all accounts.
    """

    account_id: UUID | None
    since: datetime | None = None
    until: datetime | None = None


def span_of(account_id: UUID | None, wanted: Conditions) -> Span | None:
    """The span that conditions mean, None when they mean anything else."""
    since, until = (getattr(wanted, f"create_time__{bound}", None) for bound in ("gte", "lt"))
    clauses, _ = wanted.conditions()
    if len(clauses) > (since is not None) + (until is not None):
        return None
    return Span(account_id, since, until)


@dataclass(frozen=True, slots=True)
class Paged:
    """A table in blocks, in the order of its time of creation one way or the other."""

    table: str
    key: str
    orders: Mapping[Way, Composable]

    def rows(
        self,
        db: Reader,
        columns: Composable,
        where: Where,
        page: Page,
        way: Way = "desc",
        span: Span | None = None,
    ) -> list[Row]:
        """The rows of a page; with a span, which says the same as `where`, all cost the same."""
        condition, values = where
        order = self.orders[way]
        if span is not None and page.offset >= FAR and self._is_counted(db, span):
            query, values = self._far(columns, where, page, way, span)
            return db.fetch_all(query, values)
        rest = on_page(self.table, self.key, condition, order, page)
        query = SQL("SELECT {} {}").format(columns, rest)
        return db.fetch_all(query, [*values, page.page_size, page.offset])

    def _is_counted(self, db: Reader, span: Span) -> bool:
        """Whether blocks are counted already, as they soon are."""
        counted = SQL(_COUNTED).format(oid=self._oid)
        return bool(db.fetch_value(counted, [span.account_id or ALL_ACCOUNTS]))

    @property
    def _oid(self) -> Composable:
        return SQL("'{}'::regclass").format(Identifier(self.table))

    def _far(self, columns: Composable, where: Where, page: Page, way: Way, span: Span) -> Where:
        condition, values = where
        given = [(n, v) for n, v in (("since", span.since), ("until", span.until)) if v is not None]
        bounds = [value for _, value in given]
        owner = "TRUE" if span.account_id is None else "account_id = %s"
        query = SQL(_BLOCK_PAGE).format(
            oid=self._oid,
            table=Identifier(self.table),
            key=Identifier(self.key),
            owner=SQL(owner),
            whole=_all(given, since="start_time >= %s", until="stop_time <= %s"),
            bounds=_all(given, since="create_time >= %s", until="create_time < %s"),
            touched=_all(given, since="stop_time > %s", until="start_time < %s"),
            way=SQL(way),
            columns=columns,
            condition=condition,
            start=SQL(_STARTS[way]),
            order=self.orders[way],
        )
        scope, owners = span.account_id or ALL_ACCOUNTS, [span.account_id] * owner.count("%s")
        return query, [
            scope, *bounds, *owners, *bounds, scope, *bounds, page.offset, page.offset,
            *values, page.page_size, page.offset,
        ]  # fmt: skip


def _all(given: Sequence[tuple[str, datetime]], **conditions: str) -> Composable:
    return SQL(" AND ".join(conditions[name] for name, _ in given) or "TRUE")
