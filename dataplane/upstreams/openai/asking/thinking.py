"""What a client asks of the model's thinking, in the members that its endpoint has for it."""

from collections.abc import Sequence
from typing import Any

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Thinking
from dataplane.upstreams.openai.quirks import Quirks

USUAL = "medium"


def off(thinking: Thinking) -> bool:
    """Whether the client wants no thinking."""
    return thinking.mode == "disabled" or thinking.effort == "none"


def members(thinking: Thinking | None, quirks: Quirks) -> dict[str, Any]:
    """Members of a body; none where the endpoint has no seat for it."""
    if thinking is None:
        return {}
    found = dict(quirks.off if off(thinking) else quirks.on)
    if not off(thinking) and quirks.efforts:
        found["reasoning_effort"] = nearest(_effort(thinking), quirks.efforts)
    return {name: value for name, value in found.items() if quirks.takes(_SEATS[name])}


def seated(quirks: Quirks) -> bool:
    """Whether the model thinks, or can be asked to."""
    asked = bool(quirks.on) and quirks.takes(Feature.THINKING)
    return quirks.thinks or asked or graded(quirks)


def graded(quirks: Quirks) -> bool:
    """Whether it can be said how much."""
    return bool(quirks.efforts) and quirks.takes(Feature.EFFORT)


def nearest(effort: str, offered: Sequence[str]) -> str:
    """The strongest offered effort that is not above `effort`, else the weakest one that thinks."""
    known = [name for name in EFFORTS if name in offered and name != "none"]
    wanted = EFFORTS.index(effort)
    return next((name for name in reversed(known) if EFFORTS.index(name) <= wanted), known[0])


def _effort(thinking: Thinking) -> str:
    if thinking.effort:
        return thinking.effort
    if thinking.budget is not None:
        return next(effort for limit, effort in _BUDGETS if thinking.budget <= limit)
    return USUAL


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
# Anthropic's thinking budgets in tokens, as efforts.
_BUDGETS: tuple[tuple[float, str], ...] = ((4_000, "low"), (16_000, "medium"), (64_000, "high"), (float("inf"), "xhigh"))
# What a member asks for.
_SEATS = {
    "reasoning_effort": Feature.EFFORT,
    "thinking": Feature.THINKING,
    "chat_template_kwargs": Feature.THINKING,
}
