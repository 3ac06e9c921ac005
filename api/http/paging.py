"""Pages of lists: which one, and how long."""

from typing import Annotated

from pydantic import BaseModel, Field

_FURTHEST = 2**62


class Page(BaseModel):
    """`page` and `page_size` of a list; pages are counted from 1."""

    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 10

    @property
    def offset(self) -> int:
        """How many items lie before the page; a number that SQL can hold."""
        return min((self.page - 1) * self.page_size, _FURTHEST)


class LongPage(Page):
    """A page of events, streams or groups, which may hold a thousand items."""

    page_size: Annotated[int, Field(ge=1, le=1000)] = 10
