"""What a client can ask for, and what becomes of it: the words in which docs/fidelity.md is written.

Each dialect maps every field of its requests to a Feature; each upstream says once for every Feature
what it does with it. A field or a feature without a row fails the build (tests/contracts/test_fidelity.py).
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal


class Feature(Enum):
    """What a request can hold or ask for."""

    # Members are their own only equals; the hash that Enum brings is slow Python code.
    __hash__ = object.__hash__

    # Looked after by the gateway itself, whatever the upstream.
    GATEWAY = auto()
    # Changes no answer: hints for caches, copies that SDKs keep.
    HINT = auto()
    # No seat in the canonical conversation: read only by an upstream of the same family, else reported as dropped.
    UNMODELLED = auto()
    # No seat in the canonical conversation, and reported as dropped, whatever the upstream.
    UNSEATED = auto()

    MODEL = auto()
    SESSION = auto()
    SYSTEM = auto()
    LATER_INSTRUCTIONS = auto()
    TEXT = auto()
    IMAGE = auto()
    IMAGE_URL = auto()
    DOCUMENT = auto()
    DOCUMENT_URL = auto()
    TOOL_CALL = auto()
    TOOL_RESULT = auto()
    TOOL_RESULT_ERROR = auto()
    TOOL_RESULT_MEDIA = auto()
    REASONING = auto()
    UNSIGNED_REASONING = auto()
    REDACTED_REASONING = auto()
    SEARCH_RESULTS = auto()
    TOOLS = auto()
    STRICT_TOOLS = auto()
    TOOL_CHOICE = auto()
    SERIAL_TOOL_CALLS = auto()
    WEB_SEARCH = auto()
    WEB_SEARCH_DOMAINS = auto()
    WEB_SEARCH_USES = auto()
    MAX_TOKENS = auto()
    TEMPERATURE = auto()
    TOP_P = auto()
    TOP_K = auto()
    STOP = auto()
    THINKING = auto()
    THINKING_BUDGET = auto()
    THINKING_DISPLAY = auto()
    EFFORT = auto()
    JSON_OBJECT = auto()
    JSON_SCHEMA = auto()


@dataclass(frozen=True, slots=True)
class Fidelity:
    """What becomes of a feature. `note` is a short sentence for people, "" where there is nothing to add.

    passed: as it came. mapped: in another form of the same meaning. approximated: as near as the
    upstream allows, done by the gateway or asked for in words. dropped: left out and reported.
    """

    kind: Literal["passed", "mapped", "approximated", "dropped"]
    note: str = ""
