"""What routes and workers work with: everything that `bootstrap` wires, in one place."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from api.batching import BatchLoader
from api.blobs import Blobs
from api.images_in_request import ImageLimits
from api.live.hub import LiveHub
from api.pipelines.load_images import ImageLoader
from api.sender.hub import Hub
from api.settings import Settings
from api.url_guard import UrlGuard
from commands.writer import GroupCommitWriter
from domain.tokens import TokenTexts
from projections.answers import KeptAnswers
from projections.database import Reader, Row
from projections.temporary_attributes import TemporaryAttributes
from ray_cluster.matching import Matching
from ray_cluster.models import Models


@dataclass(slots=True)
class Services:
    """The running parts of one process; `models` and `matching` are there once it has started."""

    settings: Settings
    dsn: str
    reader: Reader
    kept_answers: KeptAnswers
    writer: GroupCommitWriter
    blobs: Blobs
    guard: UrlGuard
    attributes: TemporaryAttributes
    faces: BatchLoader[UUID, Row]
    hub: Hub
    live: LiveHub
    tokens: TokenTexts
    films: asyncio.Semaphore = field(init=False)
    models: Models = field(init=False)
    matching: Matching = field(init=False)

    def __post_init__(self) -> None:
        self.films = asyncio.Semaphore(self.settings.limits.videos_at_once)

    @property
    def image_limits(self) -> ImageLimits:
        """How many images a request may hold, and how large each may be."""
        limits = self.settings.limits
        return ImageLimits(count=limits.images_per_request, bytes=limits.image_bytes)

    @property
    def images(self) -> ImageLoader:
        """Gets the bytes of images given by URL or id."""
        return ImageLoader(self.reader, self.blobs, self.guard, self.image_limits)
