"""Reading a Messages body that may be anything: what is not of the expected kind reads as empty."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.simulators.anthropic.models import MODELS, Model
from tests.simulators.anthropic.signatures import Signer

OLD = "2023-06-01"
NEW = "2026-10-21"


class Block(NamedTuple):
    """A content block with its path and its message's role."""

    path: str
    role: str
    raw: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.raw.get("type"))


@dataclass(slots=True)
class Turn:
    """Consecutive messages of one role, as the API combines them. `at` is the index of the first."""

    at: int
    role: str
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """A body, the headers that bear on it, and what the account may use."""

    raw: Mapping[str, Any]
    version: str
    betas: Sequence[str]
    models: Sequence[str]
    signer: Signer
    counting: bool = False
    length: int = 0

    @property
    def model(self) -> Model | None:
        name = self.raw.get("model")
        return MODELS.get(name) if isinstance(name, str) and name in self.models else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return objects(self.raw.get("messages"))

    @property
    def tools(self) -> list[dict[str, Any]]:
        return objects(self.raw.get("tools"))

    @property
    def thinking(self) -> str:
        return str(mapping(self.raw.get("thinking")).get("type", "disabled"))

    def beta(self, prefix: str) -> bool:
        return any(each.startswith(prefix) for each in self.betas)

    def blocks(self) -> Iterator[Block]:
        """The content blocks of all messages, those in tool results not included."""
        for at, message in enumerate(self.messages):
            for index, block in enumerate(blocks(message.get("content"))):
                yield Block(f"messages.{at}.content.{index}", str(message.get("role")), block)

    def nested(self) -> Iterator[Block]:
        """The same, with those in tool results."""
        for block in self.blocks():
            yield block
            if block.kind == "tool_result":
                for index, inner in enumerate(objects(block.raw.get("content"))):
                    yield Block(f"{block.path}.content.{index}", block.role, inner)

    def turns(self) -> list[Turn]:
        found: list[Turn] = []
        for at, message in enumerate(self.messages):
            role = str(message.get("role"))
            if not found or found[-1].role != role:
                found.append(Turn(at, role))
            for index, block in enumerate(blocks(message.get("content"))):
                found[-1].blocks.append(Block(f"messages.{at}.content.{index}", role, block))
        return found


def blocks(content: Any) -> list[dict[str, Any]]:
    """A content as blocks; a string is one text block."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(each["text"] for each in objects(content) if each.get("type") == "text" and isinstance(each.get("text"), str))


def objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def parse(raw: Mapping[str, Any], headers: Mapping[str, str], models: Sequence[str], signer: Signer, *, counting: bool = False) -> Request:
    betas = [each.strip() for each in headers.get("anthropic-beta", "").split(",") if each.strip()]
    length = int(headers.get("content-length", "0"))
    return Request(raw, headers.get("anthropic-version", ""), betas, models, signer, counting, length)
