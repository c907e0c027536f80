"""Logging for every service: one line an event, and no secret in it.

Redaction is done here, at the only way out, so that no caller has to remember it.
"""

import logging
import re
import sys
import time
from collections.abc import Callable

# What the credentials of this field look like: our keys, bearer headers, Kiro tokens (access
# tokens begin with aoa, refresh tokens with aor), API keys, and JSON members named like secrets.
SECRETS = re.compile(
    r"""kg-[0-9a-f]{8,}
      | hg-[0-9A-Za-z_-]{8,}
      | (?<=[Bb]earer\s)\S+
      | ao[ar][A-Za-z0-9+/=_-]{8,}\S*
      | (?:sk|ksk)[-_][A-Za-z0-9_-]{8,}
      | (?<="accessToken":")[^"]+ | (?<="refreshToken":")[^"]+ | (?<="clientSecret":")[^"]+ | (?<="apiKey":")[^"]+
    """,
    re.VERBOSE,
)
MASK = "***"


def redact(text: str) -> str:
    """`text` with everything that looks like a credential masked."""
    return SECRETS.sub(MASK, text)


class Line(logging.Formatter):
    """`2026-11-20T10:00:00.123Z INFO dataplane request served id=req_1 status=200`."""

    def __init__(self, service: str) -> None:
        super().__init__("%(asctime)s.%(msecs)03dZ %(levelname)s " + service + " %(message)s", "%Y-%m-%dT%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(service: str, level: str) -> None:
    """Send this process's log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = Line(service)
    formatter.converter = _utc
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("uvicorn", "uvicorn.error", "httpx", "httpcore", "aiosqlite", "alembic", "grpc", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def quiet(name: str, unwanted: Callable[[logging.LogRecord], bool]) -> None:
    """Drop the records of logger `name` for which `unwanted` is true."""
    logging.getLogger(name).addFilter(lambda record: not unwanted(record))


def _utc(seconds: float | None) -> time.struct_time:
    return time.gmtime(seconds)
