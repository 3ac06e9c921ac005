"""A process that is an agent and nothing else: it needs the services over HTTP, no database."""

from starlette.applications import Starlette
from starlette.types import ASGIApp

from api.agent.agent import Agent
from api.settings import Settings
from api.url_guard import UrlGuard, UrlRules


class AgentAlone:
    """Works on the streams of services elsewhere; none of the four is served here."""

    def __init__(self, settings: Settings) -> None:
        self._guard = UrlGuard(url_rules(settings))
        self._agent = Agent(settings, self._guard)
        nothing: ASGIApp = Starlette()
        self.api = self.streams = self.sender = self.tracking = nothing

    async def start(self) -> None:
        """There is nothing to prepare: models are opened by the processes of streams."""

    def serve_streams(self) -> None:
        """Begin to take streams."""
        self._agent.start()

    async def leave(self) -> None:
        """Nobody is connected."""

    async def stop(self) -> None:
        """End what runs; its streams go to other workers."""
        await self._agent.stop()
        await self._guard.close()


def url_rules(settings: Settings) -> UrlRules:
    """Where URLs that users give may lead."""
    return UrlRules(
        private=settings.allowed_private_urls,
        longest_url=settings.limits.url_length,
        largest_body=settings.limits.image_bytes,
        timeout_s=settings.limits.download_seconds,
    )
