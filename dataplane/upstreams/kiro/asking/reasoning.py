"""additionalModelRequestFields: what the model's own schema allows to be asked of its thinking (E06).

The schemas are closed: a property that is not listed, or a value outside its list, is a 400. A model
without a schema takes no such member at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dataplane.conversation.model import Call, Thinking
from dataplane.upstreams.base import Lease
from dataplane.wire import jsontext

# The runtime's minimum for max_tokens; less would also cut answers while the model still thinks.
MIN_MAX_TOKENS = 1024


@dataclass(slots=True, frozen=True)
class Allowed:
    """What a schema lists; an empty tuple or None for what it does not have.

    `effort` belongs to Claude's output_config, `reasoning` to GPT's reasoning.
    """

    types: tuple[str, ...] = ()
    displays: tuple[str, ...] = ()
    effort: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()
    default: str = ""
    max_tokens: tuple[int, int] | None = None

    def thinks(self) -> bool:
        return bool(self.types or self.effort or self.reasoning)


def fields(call: Call, schema: str) -> dict[str, Any]:
    """The container's members; empty when it must be left out."""
    allowed = read(schema)
    found: dict[str, Any] = _thinking(call.thinking, allowed) if call.thinking else {}
    if (tokens := _max_tokens(call, allowed)) is not None:
        found["max_tokens"] = tokens
    return found


def seats_max_tokens(call: Call, lease: Lease) -> bool:
    """Whether the upstream itself keeps the client's max_tokens; else the gateway has to."""
    tokens = _max_tokens(call, read(lease.request_fields_schema))
    return tokens is not None and tokens <= (call.sampling.max_tokens or 0)


@lru_cache(maxsize=64)
def read(schema: str) -> Allowed:
    """A catalogue's schema; one that cannot be read allows nothing."""
    try:
        root = jsontext.loads(schema) if schema else None
    except (ValueError, RecursionError):
        root = None
    effort = _at(root, "output_config", "effort")
    reasoning = _at(root, "reasoning", "effort")
    return Allowed(
        types=_listed(_at(root, "thinking", "type")),
        displays=_listed(_at(root, "thinking", "display")),
        effort=_listed(effort),
        reasoning=_listed(reasoning),
        default=str((effort or reasoning).get("default", "")),
        max_tokens=_range(_at(root, "max_tokens")),
    )


def _at(schema: Any, *path: str) -> dict[str, Any]:
    """The schema of a nested property, {} when it is not listed."""
    for name in path:
        properties = schema.get("properties") if isinstance(schema, dict) else None
        schema = properties.get(name) if isinstance(properties, dict) else None
    return schema if isinstance(schema, dict) else {}


def _listed(schema: dict[str, Any]) -> tuple[str, ...]:
    """The values a property may have, however the schema spells the list."""
    if "const" in schema:
        return (str(schema["const"]),)
    if isinstance(schema.get("enum"), list):
        return tuple(str(value) for value in schema["enum"])
    forms = schema.get("anyOf") or schema.get("oneOf") or []
    return tuple(value for form in forms if isinstance(form, dict) for value in _listed(form))


def _range(schema: dict[str, Any]) -> tuple[int, int] | None:
    if not schema:
        return None
    low, high = (int(found) if isinstance(found := schema.get(name), int | float) else 0 for name in ("minimum", "maximum"))
    return max(MIN_MAX_TOKENS, low), high


def _max_tokens(call: Call, allowed: Allowed) -> int | None:
    wanted = call.sampling.max_tokens
    if allowed.max_tokens is None or wanted is None or wanted < MIN_MAX_TOKENS:
        return None
    low, high = allowed.max_tokens
    wanted = max(wanted, low)
    return min(wanted, high) if high else wanted


def off(thinking: Thinking) -> bool:
    """Whether the client wants no thinking; an effort may be asked for all the same."""
    return thinking.mode == "disabled" or thinking.effort == "none"


def _thinking(thinking: Thinking, allowed: Allowed) -> dict[str, Any]:
    if allowed.reasoning:
        return {"reasoning": {"effort": nearest("none" if off(thinking) else _effort(thinking, allowed), allowed.reasoning)}}
    found: dict[str, Any] = {}
    if off(thinking) and "disabled" in allowed.types:
        found["thinking"] = {"type": "disabled"}
    elif "adaptive" in allowed.types:
        found["thinking"] = {"type": "adaptive"}
        if display := next((display for display in (thinking.display, "summarized") if display in allowed.displays), ""):
            found["thinking"]["display"] = display
    effort = _reserve(thinking, allowed) if off(thinking) else _effort(thinking, allowed)
    if allowed.effort and effort:
        found["output_config"] = {"effort": nearest(effort, allowed.effort)}
    return found


def _reserve(thinking: Thinking, allowed: Allowed) -> str:
    """The effort without thinking: what was said, for it governs the answer too. A model that cannot
    be kept from thinking is else asked for as little as it offers.
    """
    if thinking.effort not in {"", "none"}:
        return thinking.effort
    return "" if "disabled" in allowed.types else "none"


def _effort(thinking: Thinking, allowed: Allowed) -> str:
    if thinking.effort:
        return thinking.effort
    if thinking.budget is not None:
        return next(effort for limit, effort in _BUDGETS if thinking.budget <= limit)
    return allowed.default or "medium"


def nearest(effort: str, offered: Sequence[str]) -> str:
    """The strongest offered effort that is not above `effort`, else the weakest one offered.

    Only who asks for no thinking gets none of it.
    """
    known = [name for name in _EFFORTS if name in offered and (name != "none" or effort == "none")]
    if effort not in _EFFORTS or not known:
        return offered[0]
    wanted = _EFFORTS.index(effort)
    return next((name for name in reversed(known) if _EFFORTS.index(name) <= wanted), known[0])


_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# Anthropic's thinking budgets in tokens, as efforts.
_BUDGETS: tuple[tuple[float, str], ...] = ((4_000, "low"), (16_000, "medium"), (64_000, "high"), (float("inf"), "xhigh"))
