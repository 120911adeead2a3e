"""One line of JSON for each log record, from structlog and from the standard library alike."""

import logging
import logging.handlers
import re
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from audit import scrubbing

#: Loggers that would print what a client sent, secrets included: oauthlib and the toolkit log a wrong secret at DEBUG.
TALKATIVE = ("oauthlib", "oauth2_provider", "urllib3", "requests", "hvac", "amqp", "kombu", "asyncio")

QUESTIONNAIRE = "/questionnaire/"
_LINK = re.compile(rf"(?<!/identities){QUESTIONNAIRE}[^\s\"'?)]+")


def shared_processors() -> list[Processor]:
    """What happens to every record: the bound correlation id and run, level, logger, UTC time, exception text."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def name_request(logger: Any, method: str, record: EventDict) -> EventDict:
    """A request that Django hands along, by method and path: clients put secrets behind the question mark."""
    request = record.get("request")
    if request is not None:
        record["request"] = f"{getattr(request, 'method', '')} {getattr(request, 'path', '')}".strip()
    return record


def hide_links(logger: Any, method: str, record: EventDict) -> EventDict:
    """The token in a questionnaire's link lets whoever reads it answer: Django names the path of every refusal."""
    for name, value in record.items():
        if isinstance(value, str) and QUESTIONNAIRE in value:
            record[name] = _LINK.sub(f"{QUESTIONNAIRE}[hidden]", value)
    return record


def mask_secrets(logger: Any, method: str, record: EventDict) -> EventDict:
    """A net under whoever logs: a path that a stranger asked for, or a driver's error, may hold anything."""
    for name, value in record.items():
        if isinstance(value, str):
            record[name] = scrubbing.mask(value)
    return record


def configure_structlog() -> None:
    """Send structlog's own loggers through the standard library, so that one handler writes everything."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def dict_config(level: str) -> dict[str, Any]:
    """Django's LOGGING: JSON on stderr at `level`; the talkative ones never below INFO, whatever `level` says."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared_processors(), structlog.stdlib.ExtraAdder(), name_request],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    hide_links,
                    mask_secrets,
                    structlog.processors.JSONRenderer(default=str),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in TALKATIVE},
            "django": {"level": "INFO", "handlers": [], "propagate": True},
            "django.server": {"level": "INFO", "handlers": [], "propagate": True},
            "celery": {"level": "WARNING"},
            # It misses a host name in `memory://`, which has none.
            "kombu.connection": {"level": "ERROR"},
            # It warns of every request that waits for a thread, which a page with ten pictures makes ten of.
            "waitress.queue": {"level": "ERROR"},
            "axes": {"level": "WARNING"},
        },
    }


def into_file(path: Path) -> None:
    """Send what goes to stderr into `path` instead (10 MB, then five older files), errors to both.

    For a portal started by hand: its address and password would be scrolled away by the first minute of records.
    """
    root = logging.getLogger()
    on_screen = next(handler for handler in root.handlers if type(handler) is logging.StreamHandler)
    kept = logging.handlers.RotatingFileHandler(path, maxBytes=10_000_000, backupCount=5, encoding="utf-8", delay=True)
    kept.setFormatter(on_screen.formatter)
    on_screen.setLevel(logging.ERROR)
    root.addHandler(kept)
