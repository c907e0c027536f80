"""How the answer is drawn, thought about and formed: what of the client's wishes this model takes, together.

Thinking goes with neither a forced call nor another temperature; of what contradicts each other the call is
kept first, then the thinking. Source: Anthropic's pages on extended thinking, tool use and structured outputs.
"""

from dataclasses import dataclass, field
from typing import Any

from dataplane.conversation.features import Feature
from dataplane.conversation.model import Call, Thinking
from dataplane.upstreams.anthropic import hosts
from dataplane.upstreams.anthropic.asking.schemas import enforceable
from dataplane.upstreams.anthropic.models import Traits, traits
from dataplane.upstreams.base import Lease
from dataplane.wire import jsontext

LEAST_BUDGET = 1024
# Tokens of thinking for clients that name an effort, or nothing.
USUAL_BUDGET = 16_000
BUDGETS = {"minimal": LEAST_BUDGET, "low": 4_000, "medium": 10_000, "high": USUAL_BUDGET, "xhigh": 24_000, "max": 32_000}
# Efforts from the least to the most.
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
# With thinking, top_p may not be below.
LEAST_TOP_P = 0.95
# Room that is left for an answer whose length the client leaves open, in a window that is nearly full.
LEAST_OUTPUT = 1024


@dataclass(slots=True)
class Options:
    """`body`: members of the request. `lost`: what of the client's wishes is not among them."""

    body: dict[str, Any] = field(default_factory=dict)
    lost: set[Feature] = field(default_factory=set)

    @property
    def thinks(self) -> bool:
        thinking: dict[str, Any] = self.body.get("thinking", {"type": "disabled"})
        return bool(thinking["type"] != "disabled")


def options(call: Call, lease: Lease, *, thoughtless: bool = False) -> Options:
    """`thoughtless`: the conversation stands in the middle of calls whose thinking is not at hand, so that a model
    with a budget may not think now.
    """
    found, model = Options(), traits(lease.model)
    found.body["max_tokens"] = max_tokens(call, lease, model)
    _think(call, model, found, thoughtless=thoughtless)
    _draw(call, model, found)
    if stops := [each for each in call.sampling.stop if not each.isspace()]:
        found.body["stop_sequences"] = stops
    _configure(call, lease, model, found)
    return found


def max_tokens(call: Call, lease: Lease, model: Traits) -> int:
    """The API wants to be told; where the client says nothing, as much as the model gives and its window holds."""
    most = lease.max_output or model.max_output
    if call.sampling.max_tokens is not None:
        return min(call.sampling.max_tokens, lease.max_output or call.sampling.max_tokens)
    if lease.context_window:
        most = min(most, max(LEAST_OUTPUT, lease.context_window - call.input_estimate))
    return most


def schema(call: Call, lease: Lease) -> bytes | None:
    """What the answer is held to by the API; None where its form, if any, is asked for in words."""
    form = call.output_format
    return enforceable(form.schema) if form and form.schema and holds(lease) else None


def holds(lease: Lease) -> bool:
    """Whether answers and calls can be held to a schema."""
    return hosts.of(lease).forms and traits(lease.model).forms


def wanted(thinking: Thinking | None) -> bool:
    """Whether the model is to think; an effort alone is asked for with thinking off."""
    return thinking is not None and thinking.mode != "disabled" and thinking.effort != "none"


def named(call: Call) -> bool:
    """Whether it is only the model's name that asks for thinking."""
    return call.thinking == Thinking("enabled") and not any(feature in call.asked for feature in (*_THINKING, Feature.EFFORT))


def forced(call: Call) -> bool:
    return call.tool_choice.mode in {"required", "named"}


def _think(call: Call, model: Traits, found: Options, *, thoughtless: bool) -> None:
    thinking = call.thinking
    if thinking is None or not wanted(thinking):
        if model.thinking == "adaptive" and thinking is not None and thinking.effort in {"", "none"}:
            found.body["thinking"] = {"type": "disabled"}
        return
    made = None
    if not forced(call):
        made = _adaptive(thinking) if model.thinking in {"adaptive", "always"} else _budgeted(thinking, model, found, thoughtless)
    if made is None:
        found.lost |= _THINKING
    else:
        found.body["thinking"] = made


def _adaptive(thinking: Thinking) -> dict[str, Any]:
    """Whether the client sees any of it must be said: the default is another one from model to model."""
    return {"type": "adaptive", "display": thinking.display or "summarized"}


def _budgeted(thinking: Thinking, model: Traits, found: Options, thoughtless: bool) -> dict[str, Any] | None:
    """A budget that the client names leaves room for a token, one that is chosen for it for half of the answer."""
    most = int(found.body["max_tokens"])
    if thoughtless or model.thinking == "none" or most <= LEAST_BUDGET:
        return None
    chosen = min(BUDGETS.get(thinking.effort, USUAL_BUDGET), most // 2)
    budget = chosen if thinking.budget is None else min(thinking.budget, most - 1)
    made: dict[str, Any] = {"type": "enabled", "budget_tokens": max(LEAST_BUDGET, budget)}
    return {**made, "display": thinking.display} if thinking.display else made


def _draw(call: Call, model: Traits, found: Options) -> None:
    drawn, body = call.sampling, found.body
    if not model.sampling:
        # Only what is not the default was asked for.
        found.lost |= {feature for feature in _SAMPLING if feature in call.asked}
        return
    if drawn.temperature is not None and not (drawn.temperature == 1 and drawn.top_p is not None):
        if found.thinks and drawn.temperature != 1:
            found.lost.add(Feature.TEMPERATURE)
        else:
            body["temperature"] = min(drawn.temperature, 1.0)
            if drawn.temperature > 1:
                found.lost.add(Feature.TEMPERATURE)
    if drawn.top_p is not None:
        if (found.thinks and drawn.top_p < LEAST_TOP_P) or (not model.both and "temperature" in body):
            found.lost.add(Feature.TOP_P)
        else:
            body["top_p"] = drawn.top_p
    if drawn.top_k is not None:
        if found.thinks:
            found.lost.add(Feature.TOP_K)
        else:
            body["top_k"] = drawn.top_k


def _configure(call: Call, lease: Lease, model: Traits, found: Options) -> None:
    """Effort and form. An effort below what the model offers is the least one."""
    config: dict[str, Any] = {}
    effort = call.thinking.effort if call.thinking else ""
    if effort in EFFORTS and model.efforts:
        config["effort"] = nearest(effort, model)
    elif effort in EFFORTS and not found.thinks:
        found.lost.add(Feature.EFFORT)
    if held := schema(call, lease):
        config["format"] = {"type": "json_schema", "schema": jsontext.Raw(held)}
    if config:
        found.body["output_config"] = config


def nearest(effort: str, model: Traits) -> str:
    """The same effort, else the next one below, else the least."""
    below = [each for each in model.efforts if EFFORTS.index(each) <= EFFORTS.index(effort)]
    return below[-1] if below else model.efforts[0]


_THINKING = frozenset({Feature.THINKING, Feature.THINKING_BUDGET, Feature.THINKING_DISPLAY})
_SAMPLING = (Feature.TEMPERATURE, Feature.TOP_P, Feature.TOP_K)
