"""The kinds of upstream: what is asked of each, what its simulator saw, and how it is made to fail."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dataplane.fidelity import COLUMNS, Column
from tests.stack import Stack


@dataclass(frozen=True)
class Upstream:
    """One kind. `thinker` is a model of it that thinks aloud.

    `streams`: what it says arrives in pieces; a message that comes whole cannot break in the middle of what was sent on.
    `refusals` are what comes of its statuses, and `words` what else the simulator is told to say with them.
    """

    kind: str
    simulator: str
    model: str
    thinker: str
    pictures: Callable[[Any], int]
    thoughts: Callable[[Any], Sequence[str]]
    refusals: Mapping[int, str]
    streams: bool = True
    words: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def column(self) -> Column:
        return next(column for column in COLUMNS if column.title == self.kind)

    def requests(self, stack: Stack) -> list[dict[str, Any]]:
        """The requests for answers since the last reset, oldest first."""
        found = stack.sim("GET", "requests", of=self.simulator)["requests"]
        return [each for each in found if each.get("route", "chat") == "chat"]

    def heard(self, stack: Stack) -> Any:
        """The body of the last one."""
        last = self.requests(stack)[-1]
        return last["fields"] if "fields" in last else last["body"]


def join(stack: Stack) -> dict[str, list[dict[str, Any]]]:
    """An account of each kind, and one at an endpoint that thinks aloud: OpenAI's own keeps its thoughts to itself."""
    return {
        "kiro": [stack.add_account("of kiro")],
        "kimi-web": [stack.join("kimi-web", "of the site")],
        "openai": [stack.join("openai", "of openai"), stack.join("openai", "of kimi", simulated={"vendor": "kimi"})],
        "anthropic": [stack.join("anthropic", "of anthropic")],
    }


def members(value: Any, name: str) -> Iterator[Any]:
    """All members of this name, however deep."""
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from members(inner, name)
    if isinstance(value, dict) and name in value:
        yield value[name]


def words(body: Any) -> str:
    """All of a body as text."""
    return json.dumps(body, ensure_ascii=False)


def _images(body: Any) -> int:
    return sum(len(found) for found in members(body, "images"))


def _texts(name: str) -> Callable[[Any], Sequence[str]]:
    return lambda body: [found for found in members(body, name) if isinstance(found, str)]


def _count(name: str) -> Callable[[Any], int]:
    return lambda body: len(list(members(body, name)))


UPSTREAMS = (
    Upstream(
        "kiro",
        "kiro",
        "claude-sonnet-4.5",
        "claude-sonnet-4.6",
        _images,
        lambda body: [each["text"] for each in members(body, "reasoningText")],
        {429: "busy", 500: "overloaded", 400: "invalid"},
    ),
    Upstream(
        "kimi-web",
        "kimi_web",
        "kimi-k2-instruct-0905",
        "kimi-k2-instruct-0905",
        lambda _: 0,
        lambda _: (),
        {429: "busy", 500: "failed", 400: "invalid"},
        streams=False,
        # Its own body with this status says that the nonce is not taken.
        words={400: {"body": "<html><body>Bad Request</body></html>"}},
    ),
    Upstream(
        "openai",
        "openai",
        "gpt-4o",
        "kimi-k3",
        _count("image_url"),
        _texts("reasoning_content"),
        {429: "busy", 500: "overloaded", 400: "invalid"},
    ),
    Upstream(
        "anthropic",
        "anthropic",
        "claude-sonnet-4-5",
        "claude-sonnet-4-6",
        _count("source"),
        _texts("thinking"),
        {429: "busy", 500: "failed", 400: "invalid"},
    ),
)
