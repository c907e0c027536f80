"""A chat request body, read so that no rule has to check a type twice.

The views answer with an empty value where the body has the wrong type; the rules on form run first and
refuse such a body, so that the later rules only ever see what they expect.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal


class NotJson(ValueError):
    """The body is not UTF-8 JSON, or holds a lone surrogate, NaN or an infinity."""


@dataclass(frozen=True)
class Turn:
    """One message, history or current, at `index` in the whole conversation."""

    index: int
    role: Literal["user", "assistant"]
    message: dict[str, Any]
    current: bool

    @property
    def content(self) -> str:
        return text(self.message, "content")

    @cached_property
    def context(self) -> dict[str, Any]:
        return mapping(self.message, "userInputMessageContext")

    @cached_property
    def uses(self) -> list[dict[str, Any]]:
        return objects(self.message, "toolUses")

    @cached_property
    def results(self) -> list[dict[str, Any]]:
        return objects(self.context, "toolResults")

    @cached_property
    def use_ids(self) -> list[str]:
        return [text(use, "toolUseId") for use in self.uses]

    @cached_property
    def result_ids(self) -> list[str]:
        return [text(result, "toolUseId") for result in self.results]

    @cached_property
    def images(self) -> list[Any]:
        return array(self.message, "images")


@dataclass(frozen=True)
class Request:
    """The body as parsed. `raw` is any JSON value."""

    raw: Any

    @classmethod
    def parse(cls, body: bytes) -> "Request":
        """Raises NotJson."""
        try:
            raw = json.loads(body.decode(), parse_constant=_refuse)
            # A lone surrogate parses but is no text: it cannot be written as UTF-8 again.
            json.dumps(raw, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise NotJson(type(error).__name__) from error
        return cls(raw)

    @property
    def top(self) -> dict[str, Any]:
        return self.raw if isinstance(self.raw, dict) else {}

    @cached_property
    def state(self) -> dict[str, Any]:
        return mapping(self.top, "conversationState")

    @cached_property
    def current(self) -> Turn:
        message = mapping(mapping(self.state, "currentMessage"), "userInputMessage")
        return Turn(len(array(self.state, "history")), "user", message, current=True)

    @cached_property
    def history(self) -> list[Turn]:
        return [_turn(index, entry) for index, entry in enumerate(objects(self.state, "history"))]

    @cached_property
    def turns(self) -> list[Turn]:
        return [*self.history, self.current]

    @property
    def users(self) -> Iterator[Turn]:
        return (turn for turn in self.turns if turn.role == "user")

    @property
    def assistants(self) -> Iterator[Turn]:
        return (turn for turn in self.turns if turn.role == "assistant")

    @cached_property
    def model(self) -> str:
        return text(self.current.message, "modelId")

    @cached_property
    def tools(self) -> list[dict[str, Any]]:
        """The tool specifications; a cachePoint among them is none."""
        entries = objects(self.current.context, "tools")
        return [mapping(entry, "toolSpecification") for entry in entries if "cachePoint" not in entry]

    @cached_property
    def tool_names(self) -> list[str]:
        return [text(tool, "name") for tool in self.tools]

    @property
    def images(self) -> Iterator[tuple[Turn, Any]]:
        return ((turn, image) for turn in self.users for image in turn.images)


def mapping(owner: dict[str, Any], name: str) -> dict[str, Any]:
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def array(owner: dict[str, Any], name: str) -> list[Any]:
    value = owner.get(name)
    return value if isinstance(value, list) else []


def objects(owner: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [value for value in array(owner, name) if isinstance(value, dict)]


def text(owner: dict[str, Any], name: str) -> str:
    value = owner.get(name)
    return value if isinstance(value, str) else ""


def _turn(index: int, entry: dict[str, Any]) -> Turn:
    if "assistantResponseMessage" in entry:
        return Turn(index, "assistant", mapping(entry, "assistantResponseMessage"), current=False)
    return Turn(index, "user", mapping(entry, "userInputMessage"), current=False)


def _refuse(constant: str) -> None:
    raise ValueError(constant)
