"""Read models as tables: a declarative spec that is one pure fold, whoever drives it.

A rule says what an event does to one row: nothing but the row and the event decides. The driver
(`projections/read_model.py`) loads the rows that events touch, folds, and writes them back:
inside the writer's transaction, behind it, or into a second table while rebuilding.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol
from uuid import UUID

from domain.log.facts import Fact

Row = dict[str, Any]
Source = str | Callable[[Any], Any]
"""Where a column's value comes from: the name of an event's field, or a function of the event."""


class Rule(Protocol):
    """What one event class does to the row it concerns."""

    event_class: type[Any]
    key: Source

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """The row after the event; `None` for no row."""
        ...


def _reader(source: Source) -> Callable[[Any], Any]:
    return attrgetter(source) if isinstance(source, str) else source


def _value(source: Source, event: Any) -> Any:
    return getattr(event, source) if isinstance(source, str) else source(event)


class _Rule:
    def __init__(
        self, event_class: type[Any], *fields: str, key: Source = "originator_id", **columns: Source
    ) -> None:
        self.event_class = event_class
        self.key = key
        sources: dict[str, Source] = {**{f: f for f in fields}, **columns}
        self._sources = [(column, _reader(source)) for column, source in sources.items()]

    def _values(self, event: Any) -> Row:
        return {column: read(event) for column, read in self._sources}


class Insert(_Rule):
    """A new row: the named fields, other columns from their sources, the rest from defaults."""

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """The new row."""
        made = table.blank()
        made[table.key] = table.key_of(event)
        for column, read in self._sources:
            made[column] = read(event)
        return made

    def columns(self, events: Sequence[Any], table: "Table") -> list[Sequence[Any]]:
        """The same of many events: all values of each of the table's columns."""
        readers = {table.key: _reader(self.key), **dict(self._sources)}
        blank = table.blank()
        return [
            list(map(readers[column], events))
            if column in readers
            else [blank[column]] * len(events)
            for column in table.columns
        ]


class Update(_Rule):
    """Columns of the row get new values; a row that is gone stays gone."""

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """The changed row."""
        return None if row is None else {**row, **self._values(event)}


class Add(_Rule):
    """Numbers of a row grow by the event's `counts`; the first event makes the row."""

    def __init__(
        self,
        event_class: type[Any],
        *fields: str,
        key: Source,
        counts: Mapping[str, Source],
        **columns: Source,
    ) -> None:
        super().__init__(event_class, *fields, key=key, **columns)
        self.counts = dict(counts)

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """The row with the event counted."""
        if row is None:
            first = {**dict.fromkeys(self.counts, 0), **self._values(event)}
            row = {**table.blank(), table.key: _value(self.key, event), **first}
        grown = {name: row[name] + _value(source, event) for name, source in self.counts.items()}
        return {**row, **grown}


class Append(_Rule):
    """Array columns of the row gain a value, once."""

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """The row with the values in its arrays."""
        if row is None:
            return None
        changed = dict(row)
        for column, value in self._values(event).items():
            changed[column] = [*(v for v in row[column] if v != value), value]
        return changed


class Remove(_Rule):
    """Array columns of the row lose a value."""

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """The row without the values in its arrays."""
        if row is None:
            return None
        changed = dict(row)
        for column, value in self._values(event).items():
            changed[column] = [v for v in row[column] if v != value]
        return changed


class Delete(_Rule):
    """The row goes."""

    def __call__(self, row: Row | None, event: Any, table: "Table") -> Row | None:
        """No row."""
        return None


@dataclass(frozen=True, slots=True)
class RemoveEverywhere:
    """One value leaves an array column of every row: a list is gone, its members stay."""

    event_class: type[Any]
    column: str
    value: Source = "originator_id"

    def of(self, event: Any) -> Any:
        """The value that leaves."""
        return _value(self.value, event)


class Table:
    """A read model: its columns, the indexes that answer its queries, and its rules.

    `columns` maps names to SQL types (with NOT NULL, DEFAULT, ...); `defaults` gives the values
    of columns that an Insert does not name (absent: NULL). `unique` are named unique rules.
    `grouped` tells the planner of how many groups to think where queries group by something
    made of the column, such as the hour of a time; it would think of as many as there are values.
    `marking` are statements by which the filled table, their `{0}`, begins to note its changes.
    """

    def __init__(
        self,
        name: str,
        *,
        key: str,
        columns: Mapping[str, str],
        rules: Sequence[Rule | RemoveEverywhere],
        indexes: Sequence[str] = (),
        defaults: Mapping[str, Any] | None = None,
        unique: Mapping[str, str] | None = None,
        grouped: Mapping[str, int] | None = None,
        marking: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.key = key
        self.columns = dict(columns)
        self.indexes = tuple(indexes)
        self.unique = dict(unique or {})
        self.grouped = dict(grouped or {})
        self.marking = tuple(marking)
        self.defaults = dict(defaults or {})
        self.rules: dict[type[Any], Rule] = {}
        self.sweeps: dict[type[Any], RemoveEverywhere] = {}
        for rule in rules:
            place: dict[type[Any], Any] = (
                self.sweeps if isinstance(rule, RemoveEverywhere) else self.rules
            )
            if rule.event_class in place:
                raise ValueError(f"{name}: two rules for {rule.event_class.__qualname__}")
            place[rule.event_class] = rule
        self.event_classes = frozenset(self.rules) | frozenset(self.sweeps)
        self._blank: Row = {**dict.fromkeys(self.columns), **self.defaults}
        self._keys = {kind: _reader(rule.key) for kind, rule in self.rules.items()}

    def blank(self) -> Row:
        """A row of defaults; rules replace its lists and never change them."""
        return self._blank.copy()

    def key_of(self, event: Any) -> UUID | None:
        """The key of the row that the event concerns, if it concerns one."""
        read = self._keys.get(type(event))
        return None if read is None else read(event)

    def step(self, row: Row | None, event: Any) -> Row | None:
        """The row after one event."""
        return self.rules[type(event)](row, event, self)

    def fold(self, facts: Iterable[Fact], rows: dict[UUID, Row] | None = None) -> dict[UUID, Row]:
        """All rows after the facts, in memory: what every driver must agree with."""
        rows = {} if rows is None else rows
        for fact in facts:
            if (sweep := self.sweeps.get(type(fact.event))) is not None:
                gone = sweep.of(fact.event)
                for row in rows.values():
                    row[sweep.column] = [v for v in row[sweep.column] if v != gone]
            key = self.key_of(fact.event)
            if key is None:
                continue
            after = self.step(rows.get(key), fact.event)
            if after is None:
                rows.pop(key, None)
            else:
                rows[key] = after
        return rows
