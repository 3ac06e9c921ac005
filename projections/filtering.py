"""Filters: one annotation is the query parameter, its validation, its text and its SQL."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar

from psycopg.sql import SQL, Composable
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from domain.shared.fields import CommaList as CommaList
from domain.shared.fields import from_now


@dataclass(frozen=True, slots=True)
class Where:
    """The SQL condition of a filter field; `%s` stands for its value."""

    condition: str


class Conditions(BaseModel):
    """Fields that each narrow a query when given."""

    model_config = ConfigDict(populate_by_name=True)
    _clauses: ClassVar[dict[str, str]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Collect the conditions once per class."""
        super().__pydantic_init_subclass__(**kwargs)
        cls._clauses = {
            name: mark.condition
            for name, field in cls.model_fields.items()
            for mark in field.metadata
            if isinstance(mark, Where)
        }

    @field_validator("*", mode="before")
    @classmethod
    def _at_this_moment(cls, value: Any, info: ValidationInfo) -> Any:
        """A time may be told by how long ago it is, as in policies: now-2y."""
        if isinstance(value, str) and "_time__" in (info.field_name or ""):
            return from_now(value, datetime.now(UTC))
        return value

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """No text of a database holds U+0000, so none is looked for."""
        texts = value if isinstance(value, list) else [value]
        if any(isinstance(text, str) and "\0" in text for text in texts):
            raise ValueError("text may not hold U+0000")
        return value

    def conditions(self) -> tuple[list[Composable], list[Any]]:
        """The conditions that are on, and their values in the same order."""
        clauses: list[Composable] = []
        values: list[Any] = []
        for name, condition in self._clauses.items():
            value = getattr(self, name)
            if value is not None:
                clauses.append(SQL(condition))
                values += [value] * condition.count("%s")
        return clauses, values

    def where(self) -> tuple[Composable, list[Any]]:
        """All conditions as one, `TRUE` without any."""
        clauses, values = self.conditions()
        return (SQL(" AND ").join(clauses) if clauses else SQL("TRUE")), values


_FURTHEST = 2**62


class Page(BaseModel):
    """Which page of an answer: `page` from 1, `page_size` from 1 to 100."""

    page: Annotated[int, Field(ge=1, description="Page number.")] = 1
    page_size: Annotated[int, Field(ge=1, le=100, description="Items on a page.")] = 10

    @property
    def offset(self) -> int:
        """How many rows come before the page; a number that SQL can hold."""
        return min((self.page - 1) * self.page_size, _FURTHEST)


class Filter(Conditions, Page):
    """Conditions and a page: the query parameters of a list operation."""
