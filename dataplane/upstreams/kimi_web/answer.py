"""What the site's bodies are, the good and the bad ones (Kimi wire notes, section 1, answer).

The answer is one JSON object. Its end is known before that of the body, so that nothing waits for a connection
to be closed.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from dataplane.wire import jsontext

# PHP files that begin with a byte order mark send it along.
BLANKS = b" \t\r\n\xef\xbb\xbf"
# A page says what it is at its beginning.
LOOKED_AT = 16 * 1024

_marks = re.compile(rb'\\.?|["{}\[\]]', re.DOTALL).finditer


class Form(Enum):
    """What a body is."""

    ANSWER = auto()
    # `success` is false.
    FAILURE = auto()
    # WordPress's own word for a nonce that it does not take: `-1`, or `0`.
    DENIED = auto()
    # A page that wants to see a person.
    CHALLENGE = auto()
    PAGE = auto()
    NOTHING = auto()
    NONSENSE = auto()


@dataclass(slots=True)
class Said:
    """A body that was read; `text` is the answer's or what the failure or the page says."""

    form: Form
    text: str = ""


class Whole:
    """The bytes of a body until the JSON object that it begins with is complete.

    `complete`: it is. `begun`: there is one that is not.
    """

    def __init__(self) -> None:
        self.size = 0
        self.complete = False
        self._pieces: list[bytes] = []
        self._depth = 0
        self._quoted = False
        # The last byte was the backslash of an escape that goes on in the next piece.
        self._escaped = False
        # Whether it is an object at all; None as long as there was nothing but blanks.
        self._object: bool | None = None

    @property
    def begun(self) -> bool:
        return bool(self._object) and not self.complete

    def add(self, data: bytes) -> None:
        self.size += len(data)
        self._pieces.append(data)
        if self._object is None and (head := data.lstrip(BLANKS)):
            self._object = head.startswith(b"{")
        if self._object:
            self._follow(data)

    def body(self) -> bytes:
        """Without what follows the object."""
        return b"".join(self._pieces)

    def _follow(self, data: bytes) -> None:
        at = 1 if self._escaped and data else 0
        self._escaped = self._escaped and not data
        for found in _marks(data, at):
            mark = found[0]
            if mark == b'"':
                self._quoted = not self._quoted
            elif mark[:1] == b"\\":
                self._escaped = len(mark) == 1
            elif not self._quoted:
                self._depth += 1 if mark in b"{[" else -1
                if self._depth == 0:
                    self.complete = True
                    self._pieces[-1] = data[: found.end()]
                    return


def read(body: bytes) -> Said:
    """What `body`, whole, is."""
    body = body.strip(BLANKS)
    if not body:
        return Said(Form.NOTHING)
    if body in {b"-1", b"0"}:
        return Said(Form.DENIED)
    try:
        return _judged(_loaded(body))
    except (ValueError, RecursionError):
        return _page(body)


def _loaded(body: bytes) -> Any:
    try:
        return jsontext.loads(body)
    except ValueError:
        return jsontext.loads(jsontext.mend(body))


def _judged(found: Any) -> Said:
    success = found.get("success") if isinstance(found, dict) else None
    if success is False:
        return Said(Form.FAILURE, _words(found.get("data")))
    data = found.get("data") if success is True else None
    message = data.get("message") if isinstance(data, dict) else None
    return Said(Form.ANSWER, message) if isinstance(message, str) else Said(Form.NONSENSE, "JSON of another form")


def _words(data: Any) -> str:
    """A text, an object with a message, or as WordPress lists its errors, several of these."""
    if isinstance(data, list):
        return "; ".join(filter(None, map(_words, data)))
    if isinstance(data, dict):
        data = data.get("message")
    return data if isinstance(data, str) else ""


def _page(body: bytes) -> Said:
    text = body[:LOOKED_AT].decode("utf-8", "replace")
    lower = text.lower()
    if not lower.startswith("<"):
        return Said(Form.NONSENSE, text)
    return Said(Form.CHALLENGE if any(mark in lower for mark in CHALLENGES) else Form.PAGE, text)


# Words of pages that check who is asking, in lower case.
CHALLENGES = (
    "just a moment",
    "attention required",
    "you have been blocked",
    "enable javascript and cookies",
    "checking your browser",
    "verify you are human",
    "cf-chl",
    "cf_chl",
    "captcha",
)
