"""Where an estimator task takes its images from: what each source can do, and its bounds."""

from collections.abc import Sequence
from typing import Final, Protocol

from domain.estimator_task import SourceRefused
from domain.shared.refusal import Refusal

MOST_IMAGES: Final = 100_000


class ImageSource(Protocol):
    """Images by name, all at hand or fetched when they are read; for one thread."""

    def names(self) -> list[str]:
        """The name of every image, in order, each once; at most `MOST_IMAGES`."""
        ...

    def read(self, names: Sequence[str]) -> list[bytes | Refusal]:
        """The bytes of some images, or why they cannot be read; in the order asked."""
        ...

    def origin(self, name: str) -> str | None:
        """The address that an image can be referred to by, if that is wanted."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


def in_order(names: Sequence[str]) -> list[str]:
    """The names in order, each once; too many are refused."""
    if len(names) > MOST_IMAGES:
        raise SourceRefused(f"it has more than {MOST_IMAGES} images")
    return sorted(set(names))


def is_image_name(name: str) -> bool:
    """Whether a file may be an image by its name: no folder, no hidden file of a system.

    Nor is a file one whose name is no text, since nothing could be said about it.
    """
    *folders, last = name.split("/")
    usual = bool(last) and not last.startswith(".") and "__MACOSX" not in folders
    return usual and not any("\ud800" <= letter <= "\udfff" for letter in name)


def is_below(name: str, prefix: str, recursive: bool) -> bool:
    """Whether a name has the prefix and, unless it is recursive, no further folder behind it."""
    return name.startswith(prefix) and (recursive or "/" not in name[len(prefix) :])
