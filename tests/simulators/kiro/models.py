"""The model catalogue an account may see, with the closed schemas of its request fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ALL = frozenset({"free", "pro", "enterprise"})
PAID = frozenset({"pro", "enterprise"})
ENTERPRISE = frozenset({"enterprise"})
LOW_TO_MAX = ("low", "medium", "high", "max")
LOW_TO_XHIGH = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Model:
    """One row of ListAvailableModels. `window` and `output` are tokens, `rate` credits relative to the base model."""

    id: str
    name: str
    window: int
    output: int
    rate: float
    schema: dict[str, Any] | None = None
    images: bool = True
    provider: str = "ANTHROPIC"
    fallbacks: tuple[str, ...] = ()
    plans: frozenset[str] = ALL

    def row(self) -> dict[str, Any]:
        """The model as the wire has it."""
        row: dict[str, Any] = {
            "modelId": self.id,
            "modelName": self.name,
            "description": f"The {self.name} model",
            "modelProvider": self.provider,
            "rateMultiplier": self.rate,
            "rateUnit": "credit",
            "tokenLimits": {"maxInputTokens": self.window, "maxOutputTokens": self.output},
            "supportedInputTypes": ["TEXT", "IMAGE"] if self.images else ["TEXT"],
            "promptCaching": {"supportsPromptCaching": self.provider == "ANTHROPIC"},
        }
        if self.schema is not None:
            row["additionalModelRequestFieldsSchema"] = self.schema
        if self.fallbacks:
            row["refusalFallbackModels"] = list(self.fallbacks)
        return row


def offered(plan: str, ids: Sequence[str] | None = None) -> dict[str, Model]:
    """What an account of `plan` may use, by id; `ids` narrows or widens it by name. Raises KeyError for an unknown id or plan."""
    if plan not in ALL:
        raise KeyError(plan)
    if ids is not None:
        known = {model.id: model for model in CATALOGUE}
        return {name: known[name] for name in ids}
    return {model.id: model for model in CATALOGUE if plan in model.plans}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _claude(thinking: Sequence[str], efforts: Sequence[str], default: str, output: int) -> dict[str, Any]:
    return _closed(
        {
            "thinking": _closed(
                {
                    "type": {"type": "string", "enum": list(thinking)},
                    "display": {"type": "string", "enum": ["summarized", "omitted"]},
                }
            ),
            "output_config": _closed({"effort": {"type": "string", "enum": list(efforts), "default": default}}),
            "max_tokens": {"type": "integer", "minimum": 1024, "maximum": output},
        }
    )


def _gpt() -> dict[str, Any]:
    effort = {"type": "string", "enum": ["none", "low", "medium", "high", "xhigh"], "default": "medium"}
    return _closed({"reasoning": _closed({"effort": effort})})


SWITCH = ("adaptive", "disabled")
M = 1_000_000

CATALOGUE: tuple[Model, ...] = (
    Model("auto", "Auto", M, 64_000, 1.0),
    Model("claude-opus-5.5", "Claude Opus 5.5", M, 128_000, 2.0, _claude(("adaptive",), LOW_TO_XHIGH, "medium", 128_000),
          fallbacks=("claude-opus-4.8",), plans=PAID),
    Model("claude-opus-5", "Claude Opus 5", M, 128_000, 2.2, _claude(SWITCH, LOW_TO_XHIGH, "high", 128_000),
          fallbacks=("claude-opus-4.8",), plans=PAID),
    Model("claude-opus-4.8", "Claude Opus 4.8", M, 128_000, 2.2, _claude(SWITCH, LOW_TO_XHIGH, "high", 128_000), plans=PAID),
    Model("claude-opus-4.7", "Claude Opus 4.7", M, 128_000, 2.2, _claude(SWITCH, LOW_TO_XHIGH, "xhigh", 128_000), plans=PAID),
    Model("claude-opus-4.6", "Claude Opus 4.6", M, 64_000, 2.2, _claude(SWITCH, LOW_TO_MAX, "high", 64_000), plans=PAID),
    Model("claude-opus-4.5", "Claude Opus 4.5", 200_000, 64_000, 2.2, plans=PAID),
    Model("claude-sonnet-5.5", "Claude Sonnet 5.5", M, 128_000, 1.3, _claude(("adaptive", "between_tools"), LOW_TO_XHIGH, "medium", 128_000),
          fallbacks=("claude-sonnet-5",)),
    Model("claude-sonnet-5", "Claude Sonnet 5", M, 64_000, 1.3, _claude(SWITCH, LOW_TO_XHIGH, "high", 64_000)),
    Model("claude-sonnet-4.6", "Claude Sonnet 4.6", M, 64_000, 1.3, _claude(SWITCH, LOW_TO_MAX, "high", 64_000)),
    Model("claude-sonnet-4.5", "Claude Sonnet 4.5", 200_000, 64_000, 1.3),
    Model("claude-sonnet-4", "Claude Sonnet 4", 200_000, 64_000, 1.3),
    Model("claude-haiku-4.5", "Claude Haiku 4.5", 200_000, 64_000, 0.4),
    Model("claude-fable-5", "Claude Fable 5", M, 64_000, 2.2, _claude(SWITCH, LOW_TO_XHIGH, "high", 64_000), plans=ENTERPRISE),
    Model("gpt-5.6-sol", "GPT 5.6 Sol", M, 128_000, 4.4, _gpt(), provider="OPENAI", plans=PAID),
    Model("gpt-5.6-terra", "GPT 5.6 Terra", M, 128_000, 2.2, _gpt(), provider="OPENAI", plans=PAID),
    Model("gpt-5.6-luna", "GPT 5.6 Luna", M, 128_000, 1.1, _gpt(), provider="OPENAI", plans=PAID),
    Model("deepseek-3.2", "DeepSeek 3.2", 128_000, 64_000, 0.25, images=False, provider="DEEPSEEK"),
    Model("minimax-m2.5", "MiniMax M2.5", 196_000, 64_000, 0.25, images=False, provider="MINIMAX"),
    Model("minimax-m2.1", "MiniMax M2.1", 196_000, 64_000, 0.15, images=False, provider="MINIMAX"),
    Model("glm-5", "GLM 5", 200_000, 64_000, 0.5, images=False, provider="ZAI"),
    Model("qwen3-coder-next", "Qwen3 Coder Next", 256_000, 64_000, 0.05, images=False, provider="QWEN"),
)  # fmt: skip
