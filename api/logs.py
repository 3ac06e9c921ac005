"""Log lines on standard error: for people on a terminal, or one JSON object each."""

import logging
import sys

import orjson
import structlog
from structlog.typing import Processor

from api.http.request_id import add_request_id
from api.settings import Settings


def configure(settings: Settings) -> None:
    """Send structlog and the standard library's loggers through one renderer."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        add_request_id,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[Processor]
    if settings.log_format == "json":
        render = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(
                lambda event, **_: orjson.dumps(event, default=repr).decode()
            ),
        ]
    else:
        # The default shows local variables, and among them may be a password or a picture.
        render = [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    # These tell of every start, stop or request; at debug one may want them.
    for chatty in ("uvicorn.error", "uvicorn.access", "httpx", "httpcore"):
        quiet = logging.NOTSET if settings.log_level == "debug" else logging.WARNING
        logging.getLogger(chatty).setLevel(quiet)
    hide_refused_handshakes()


def hide_refused_handshakes() -> None:
    """Let uvicorn say nothing about web sockets that were refused: it calls them errors.

    They are answered like any other bad request, and have their line in the access log.
    """
    logging.getLogger("uvicorn.error").addFilter(_not_a_refused_handshake)


def _not_a_refused_handshake(record: logging.LogRecord) -> bool:
    return record.msg != "ASGI callable returned without completing handshake."
