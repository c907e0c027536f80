"""Reading a chat completions body that may be anything: what is not of the expected kind reads as empty."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.simulators.openai.vendors import Model, Vendor


@dataclass(frozen=True, slots=True)
class Request:
    """A body and whose it is. `models` are the ids the account may use."""

    raw: Mapping[str, Any]
    vendor: Vendor
    models: Sequence[str]

    @property
    def model(self) -> Model | None:
        name = self.raw.get("model")
        return self.vendor.models.get(name) if isinstance(name, str) and name in self.models else None

    @property
    def messages(self) -> list[dict[str, Any]]:
        return objects(self.raw.get("messages"))

    @property
    def functions(self) -> list[dict[str, Any]]:
        """The declared functions, without their wrapping."""
        return [mapping(tool.get("function")) for tool in objects(self.raw.get("tools"))]

    @property
    def tokens(self) -> int:
        """An estimate of the prompt's length."""
        return max(1, len(f"{self.raw.get('messages')}{self.raw.get('tools', '')}") // 4)

    @property
    def thinking(self) -> bool:
        """Whether the answer starts with visible reasoning."""
        model = self.model
        if model is None or model.thinks in ("never", "hidden"):
            return False
        wish = mapping(self.raw.get("thinking")).get("type")
        switched_off = (
            wish == "disabled"
            or self.raw.get("reasoning_effort") == "none"
            or mapping(self.raw.get("chat_template_kwargs")).get("enable_thinking") is False
        )
        return {"always": True, "default": not switched_off, "asked": wish == "enabled"}[model.thinks]

    def current(self) -> list[dict[str, Any]]:
        """The messages after the last assistant turn."""
        found = self.messages
        last = max((at for at, message in enumerate(found) if message.get("role") == "assistant"), default=-1)
        return found[last + 1 :]


def text(content: Any) -> str:
    """The text of a content, whether string or parts."""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in objects(content) if part.get("type") == "text" and isinstance(part.get("text"), str))


def calls(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    return objects(message.get("tool_calls"))


def objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def parts(request: Request) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each content part with its path and its message's role."""
    for at, message in enumerate(request.messages):
        for index, part in enumerate(objects(message.get("content"))):
            yield f"messages[{at}].content[{index}]", str(message.get("role")), part
