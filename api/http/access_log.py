"""One log line and two metrics for every request."""

from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import Scope

log = structlog.get_logger("selene.access")

ROUTE: Final = "selene.route"
"""Where the router notes the path template of the route it chose, in the ASGI scope."""

_UNKNOWN: Final = "unknown"
_METHODS: Final = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "WEBSOCKET"}
)
_POLLED: Final = frozenset(
    f"/{version}/streams/processing/{what}" for version in (1, 2) for what in ("queue", "feedback")
)
"""What workers ask every second or so; successes are only for those who look for them."""

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RequestMetrics:
    """Counts and times of requests by route and status, in one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._count = Counter(
            "request_count", "Counter of requests", ("path", "status_code"), registry=registry
        )
        self._seconds = Histogram(
            "request_processing_seconds",
            "Time from the first byte of a request to the last of its answer",
            ("path",),
            buckets=_BUCKETS,
            registry=registry,
        )
        self._known: dict[tuple[str, int], tuple[Any, Any]] = {}

    def record(self, path: str, status: int, seconds: float) -> None:
        """Note one request; `path` is "METHOD:template", so that there are few of them."""
        known = self._known.get((path, status))
        if known is None:  # looking labels up costs more than counting
            known = self._count.labels(path, str(status)), self._seconds.labels(path)
            self._known[(path, status)] = known
        known[0].inc()
        known[1].observe(seconds)


class AccessLog:
    """Logs and counts each request when its answer is complete."""

    def __init__(self, metrics: RequestMetrics) -> None:
        self._metrics = metrics
        self._log = log.bind()  # for every line anew, it would take longer than the line

    def note(self, scope: Scope, status: int, sent: int, seconds: float) -> None:
        """One request: the status (0 without an answer) and bytes sent, the time it took."""
        method = scope.get("method", "WEBSOCKET")
        label = method if method in _METHODS else _UNKNOWN
        template = scope.get(ROUTE, _UNKNOWN)
        status = status or 499  # the client left first, which nginx calls so
        self._metrics.record(f"{label}:{template}", status, seconds)
        told = self._log.debug if template in _POLLED and status < 400 else self._log.info
        told(
            "request",
            method=method,
            path=scope["path"],
            route=template,
            status=status,
            bytes=sent,
            ms=round(seconds * 1000, 3),
            client=_client(scope),
        )


def _client(scope: MutableMapping[str, Any]) -> str | None:
    client = scope.get("client")
    return client[0] if client else None
