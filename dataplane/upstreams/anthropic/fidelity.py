"""What becomes of each thing a client of another family can ask for; docs/fidelity.md is written from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dataplane.conversation.features import Feature, Fidelity
from dataplane.conversation.model import Call, Reasoning, ToolResult
from dataplane.upstreams.anthropic import hosts
from dataplane.upstreams.anthropic.asking.body import FAMILY, PLAIN, Form
from dataplane.upstreams.anthropic.asking.fitting import MODEL
from dataplane.upstreams.anthropic.asking.history import messages, thoughtless
from dataplane.upstreams.anthropic.asking.names import names
from dataplane.upstreams.anthropic.asking.options import holds, named, options, wanted
from dataplane.upstreams.anthropic.asking.parts import Scene, thought
from dataplane.upstreams.anthropic.asking.request import same
from dataplane.upstreams.anthropic.asking.tools import strict
from dataplane.upstreams.anthropic.models import traits
from dataplane.upstreams.base import Lease
from dataplane.wire.pruning import NOTHING


def dropped(call: Call, lease: Lease) -> list[str]:
    """The client's paths of what has no seat with this model and host. What a client of the same protocol sends goes on
    whole; what then has to be left out after all, the plan tells.
    """
    return [] if same(call) else left(call, lease, PLAIN)


def left(call: Call, lease: Lease, form: Form) -> list[str]:
    """The same for a body that is made of the call."""
    lost = options(call, lease, thoughtless=_thoughtless(call, lease, form)).lost
    told = [path for feature, paths in call.asked.items() for path in _lost(feature, paths, lost, call, Place(lease, form))]
    name = [MODEL] if Feature.THINKING in lost and named(call) else []
    # Nobody keeps to them when the answer is thought to be one to the client's own body.
    stops = call.asked.get(Feature.STOP, []) if same(call) and any(map(str.isspace, call.sampling.stop)) else []
    foreign = () if call.family == FAMILY else (each for each, raw in call.extras.items() if raw not in NOTHING)
    return [*call.dropped, *told, *name, *stops, *foreign]


@dataclass(slots=True)
class Place:
    """Where a body goes, and what it looks like."""

    lease: Lease
    form: Form

    @property
    def scene(self) -> Scene:
        return Scene(hosts.of(self.lease), hosts.hostname(self.lease), self.form.signed)


def _lost(feature: Feature, paths: list[str], lost: set[Feature], call: Call, place: Place) -> list[str]:
    if judge := _JUDGES.get(feature):
        return judge(paths, call, place)
    return paths if feature in lost or FIDELITY[feature].kind == "dropped" else []


def _signed(paths: list[str], call: Call, place: Place) -> list[str]:
    return _left(paths, [thought(part, place.scene) is None for part in _thoughts(call) if part.signature])


def _redacted(paths: list[str], call: Call, place: Place) -> list[str]:
    return _left(paths, [thought(part, place.scene) is None for part in _thoughts(call) if part.redacted])


def _unsigned(paths: list[str], _call: Call, place: Place) -> list[str]:
    return paths if hosts.of(place.lease).signs or not place.form.signed else []


def _search(paths: list[str], _call: Call, place: Place) -> list[str]:
    return [] if hosts.of(place.lease).searches else paths


def _strict(paths: list[str], call: Call, place: Place) -> list[str]:
    asked = [tool for tool in call.tools if tool.strict]
    return _left(paths, [not holds(place.lease) or strict(tool) is None for tool in asked])


def _left(paths: list[str], lost: list[bool]) -> list[str]:
    """The paths of what is lost. A dialect may name only the first of many; all are told when none of these is lost."""
    if True not in lost:
        return []
    return [path for path, gone in zip(paths, lost, strict=False) if gone] or paths


def _thoughts(call: Call) -> list[Reasoning]:
    return [part for turn in call.turns if turn.role == "assistant" for part in turn.parts if isinstance(part, Reasoning)]


def _thoughtless(call: Call, lease: Lease, form: Form) -> bool:
    """What the body itself goes by. Few calls have to be looked at."""
    if traits(lease.model).thinking != "budget" or not wanted(call.thinking):
        return False
    if not any(isinstance(part, ToolResult) for turn in call.turns for part in turn.parts):
        return False
    return thoughtless(messages(call, names(call), Place(lease, form).scene))


# What depends on the host or the conversation beside the options of the answer.
_JUDGES: Mapping[Feature, Callable[[list[str], Call, Place], list[str]]] = {
    Feature.REASONING: _signed,
    Feature.REDACTED_REASONING: _redacted,
    Feature.UNSIGNED_REASONING: _unsigned,
    Feature.STRICT_TOOLS: _strict,
    Feature.WEB_SEARCH: _search,
    Feature.WEB_SEARCH_DOMAINS: _search,
    Feature.WEB_SEARCH_USES: _search,
}

FIDELITY: Mapping[Feature, Fidelity] = {
    Feature.GATEWAY: Fidelity("passed", "The gateway does it, whatever the upstream."),
    Feature.HINT: Fidelity("mapped", "Breakpoints of the prompt cache are set by the gateway; Messages clients keep their own."),
    Feature.UNMODELLED: Fidelity("dropped", "Only an upstream of the client's own family could read it."),
    Feature.UNSEATED: Fidelity("dropped", "Passed to Messages clients' own family."),
    Feature.MODEL: Fidelity("mapped", "The endpoint's own id of the model."),
    Feature.SESSION: Fidelity("approximated", "Requests of a session go to one account, whose prompt cache is warm."),
    Feature.SYSTEM: Fidelity("passed"),
    Feature.LATER_INSTRUCTIONS: Fidelity("mapped", "Marked text of the user turn at the same place; Messages clients' own pass."),
    Feature.TEXT: Fidelity("passed"),
    Feature.IMAGE: Fidelity("mapped", "Converted and scaled down where the API would refuse it; pictures of an assistant turn follow it."),
    Feature.IMAGE_URL: Fidelity("passed", "Fetched by the gateway for hosts that take no addresses."),
    Feature.DOCUMENT: Fidelity("mapped", "PDF and text pass; for hosts that read neither, text and pictures of pages."),
    Feature.DOCUMENT_URL: Fidelity("passed", "Fetched by the gateway for hosts that take no addresses."),
    Feature.TOOL_CALL: Fidelity("mapped", "Ids and names that the API refuses get an alias; arguments that are no object are wrapped."),
    Feature.TOOL_RESULT: Fidelity("mapped", "At the front of the message after its call."),
    Feature.TOOL_RESULT_ERROR: Fidelity("passed"),
    Feature.TOOL_RESULT_MEDIA: Fidelity("mapped", "Those of a failed call stand beside its result."),
    Feature.REASONING: Fidelity("passed", "Dropped where another provider signed it, or the endpoint refuses it after all."),
    Feature.UNSIGNED_REASONING: Fidelity("dropped", "Passed to hosts that sign nothing."),
    Feature.REDACTED_REASONING: Fidelity("passed", "Dropped where another provider made it, or the endpoint refuses it after all."),
    Feature.SEARCH_RESULTS: Fidelity("mapped", "Text of the assistant turn, every hit in full."),
    Feature.TOOLS: Fidelity("passed", "Of several with one name, the first."),
    Feature.STRICT_TOOLS: Fidelity("mapped", "Dropped where the model or the schema allows none."),
    Feature.TOOL_CHOICE: Fidelity("mapped"),
    Feature.SERIAL_TOOL_CALLS: Fidelity("mapped"),
    Feature.WEB_SEARCH: Fidelity("mapped", "The API's own search; dropped for hosts without one."),
    Feature.WEB_SEARCH_DOMAINS: Fidelity("mapped", "Dropped for hosts without a search."),
    Feature.WEB_SEARCH_USES: Fidelity("mapped", "Dropped for hosts without a search."),
    Feature.MAX_TOKENS: Fidelity("passed", "At most what the model gives."),
    Feature.TEMPERATURE: Fidelity("approximated", "At most 1; dropped with thinking, and for models that take none."),
    Feature.TOP_P: Fidelity("approximated", "Dropped beside a temperature or thinking where the model takes only one, or none."),
    Feature.TOP_K: Fidelity("approximated", "Dropped with thinking, and for models that take none."),
    Feature.STOP: Fidelity("mapped", "Sequences of blanks, which the API refuses, are kept by the gateway."),
    Feature.THINKING: Fidelity("mapped", "Dropped where a call is forced, or the thinking before the latest calls is not at hand."),
    Feature.THINKING_BUDGET: Fidelity("approximated", "At least 1024, below max_tokens; models that think as they see fit take none."),
    Feature.THINKING_DISPLAY: Fidelity("mapped"),
    Feature.EFFORT: Fidelity("mapped", "The next effort that the model offers, else a budget."),
    Feature.JSON_OBJECT: Fidelity("approximated", "Asked for in words; text around the object is cut off."),
    Feature.JSON_SCHEMA: Fidelity("mapped", "Enforced where the model can and the schema allows, else asked for in words."),
}
