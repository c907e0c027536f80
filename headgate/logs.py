"""Logging for every service: one line an event, and no secret in it.

Redaction is done here, at the only way out, so that no caller has to remember it.
"""

import logging
import re
import sys
import time
from collections.abc import Callable

MASK = "***"

# A member, header, parameter or variable that is named like a secret, with its value: a JSON string
# (also inside another JSON string, where its quotes are escaped), a Python string, or the text up to
# the next separator. What is called `tokens` or `token_count` is a number and stays.
NAMED = re.compile(
    r"""(?P<name>
          (?: token | password | passwd | secret | api[_-]?key | master[_-]?key | proxy[_-]?key | nonce
            | authorization | cookie | headgate_session )
          \\? ["']? \s* [:=] \s* )
        (?: "(?:[^"\\]|\\.)*"?
          | \\"(?:[^"\\]|\\\\\\"|\\[^"])*(?:\\")?
          | '(?:[^'\\]|\\.)*'?
          | (?:(?:bearer|basic)\s+)?[^\s"',;&)}\]]+ )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

# What the credentials of this field look like wherever they stand: our keys, bearer headers, Kiro
# tokens (access tokens begin with aoa, refresh tokens with aor), API keys, JSON web tokens, the
# user and password of a URL.
SHAPED = re.compile(
    r"""kg-[0-9a-f]{8,}
      | hg[ip]?-[0-9A-Za-z_-]{8,}(?:\.[0-9a-f]+)?
      | (?<=[Bb]earer\s)[^\s"',]+
      | ao[ar][A-Za-z0-9+/=_-]{8,}[^\s"',]*
      | (?:sk|ksk)[-_][A-Za-z0-9_-]{8,}
      | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+
      | (?<=://)[^\s/@:]*:[^\s/@]+(?=@)
    """,
    re.VERBOSE,
)


def redact(text: str) -> str:
    """`text` with everything that looks like a credential masked."""
    return SHAPED.sub(MASK, NAMED.sub(rf"\g<name>{MASK}", text))


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
