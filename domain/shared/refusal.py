"""What is said when a request is understood and declined."""

from typing import ClassVar


class Refusal(Exception):
    """A request that was understood and is declined; nothing has changed.

    A subclass is named after its reason and its docstring is the sentence for readers of the
    documentation; `detail` is the pattern that the constructor's arguments fill for the client.
    """

    detail: ClassVar[str] = "{}"

    def __str__(self) -> str:
        return self.detail.format(*self.args)
