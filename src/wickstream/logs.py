"""Structured logging, set up once per process: events with fields."""

import logging
import sys
from typing import TextIO

import structlog


def set_up_logging(level: str, style: str, *, out: TextIO | None = None) -> None:
    """`style`: `console` for people, `json` for machines. Times are UTC. `out`: standard error unless given."""
    stream = out or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, stream=stream, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("picows").setLevel(logging.WARNING)  # it greets at INFO
