"""What becomes of each thing a client can ask for, at OpenAI-compatible endpoints; docs/fidelity.md is written from it."""

from collections.abc import Callable, Mapping

from dataplane.conversation.features import Feature, Fidelity
from dataplane.conversation.model import Call
from dataplane.upstreams.base import Lease
from dataplane.upstreams.openai import media
from dataplane.upstreams.openai.asking import onward, thinking, tools
from dataplane.upstreams.openai.asking.body import FAMILY
from dataplane.upstreams.openai.quirks import SEARCHING, Quirks
from dataplane.wire.pruning import NOTHING

# Whether a feature is lost; `whole`: the client's own body is sent on.
Judge = Callable[[Feature, Call, Quirks, bool], bool]


def dropped(call: Call, lease: Lease, quirks: Quirks) -> list[str]:
    """The client's paths of what has no seat with this endpoint and model."""
    whole = onward.whole(call, quirks) and media.rules(call, lease, quirks) is None
    lost = [path for feature, paths in call.asked.items() for path in _lost(feature, paths, call, quirks, whole)]
    own = call.family == FAMILY
    extras = [name for name, raw in call.extras.items() if raw not in NOTHING and (not own or name in quirks.refuses)]
    return [*lost, *extras] if whole else [*call.dropped, *lost, *extras]


def _lost(feature: Feature, paths: list[str], call: Call, quirks: Quirks, whole: bool) -> list[str]:
    if feature is Feature.STRICT_TOOLS and not whole:
        return _loose(paths, call, quirks)
    judge = _JUDGES.get(feature)
    return paths if judge is not None and judge(feature, call, quirks, whole) else []


def _loose(paths: list[str], call: Call, quirks: Quirks) -> list[str]:
    """Of which tools calls are not held to the schema. All are told where not every path is that of a tool that is left."""
    lost = [not tools.held(tool, quirks) for tool in call.tools if tool.strict]
    if len(lost) != len(paths):
        return paths if any(lost) else []
    return [path for path, gone in zip(paths, lost, strict=True) if gone]


def _without_seat(feature: Feature, _call: Call, quirks: Quirks, _whole: bool) -> bool:
    return not quirks.takes(feature)


def _own_only(feature: Feature, _call: Call, quirks: Quirks, whole: bool) -> bool:
    """Passed in a client's own body, and nowhere else."""
    return not whole or not quirks.takes(feature)


def _thinking(_feature: Feature, call: Call, quirks: Quirks, _whole: bool) -> bool:
    """Thinking that is not wanted and not offered is no loss."""
    return call.thinking is not None and not thinking.off(call.thinking) and not thinking.seated(quirks)


def _measure(_feature: Feature, call: Call, quirks: Quirks, whole: bool) -> bool:
    """How much is to be thought."""
    asked = call.thinking
    if asked is None or thinking.off(asked) or thinking.graded(quirks):
        return False
    return not (whole and not quirks.listed and quirks.takes(Feature.EFFORT))


def _thoughts(_feature: Feature, _call: Call, quirks: Quirks, _whole: bool) -> bool:
    return not quirks.echo


def _own_thoughts(_feature: Feature, _call: Call, quirks: Quirks, whole: bool) -> bool:
    return not quirks.takes(Feature.UNSIGNED_REASONING) if whole else not quirks.echo


# What depends on the endpoint, the model, or whether the client speaks this very protocol.
_JUDGES: Mapping[Feature, Judge] = {
    Feature.TEMPERATURE: _without_seat,
    Feature.TOP_P: _without_seat,
    Feature.TOP_K: _without_seat,
    Feature.STRICT_TOOLS: _without_seat,
    **dict.fromkeys(SEARCHING, _own_only),
    Feature.THINKING: _thinking,
    Feature.THINKING_BUDGET: _measure,
    Feature.EFFORT: _measure,
    Feature.REASONING: _thoughts,
    Feature.UNSIGNED_REASONING: _own_thoughts,
    Feature.REDACTED_REASONING: lambda *_: True,
}

FIDELITY: Mapping[Feature, Fidelity] = {
    Feature.GATEWAY: Fidelity("passed", "The gateway does it, whatever the upstream."),
    Feature.HINT: Fidelity("passed", "Changes no answer."),
    Feature.UNMODELLED: Fidelity(
        "passed", "Only from clients of the same protocol; members that the endpoint is known to refuse are dropped."
    ),
    Feature.UNSEATED: Fidelity("dropped", "Passed where the client's own body is sent on."),
    Feature.MODEL: Fidelity("mapped", "The endpoint's own id of the model."),
    Feature.SESSION: Fidelity("mapped", "A key for the prompt cache, where the endpoint has one."),
    Feature.SYSTEM: Fidelity("passed"),
    Feature.LATER_INSTRUCTIONS: Fidelity("passed", "Text of the user where the model's template allows them at the head only."),
    Feature.TEXT: Fidelity("passed"),
    Feature.IMAGE: Fidelity("passed", "Pictures of an assistant turn follow it."),
    Feature.IMAGE_URL: Fidelity("passed", "Fetched by the gateway where the endpoint does not do it."),
    Feature.DOCUMENT: Fidelity("approximated", "A file where the endpoint takes files, else its text."),
    Feature.DOCUMENT_URL: Fidelity("approximated", "Fetched by the gateway, then its text."),
    Feature.TOOL_CALL: Fidelity("passed", "Names and ids that are refused get an alias; arguments that are no object are wrapped."),
    Feature.TOOL_RESULT: Fidelity("passed", "Kept beside its call."),
    Feature.TOOL_RESULT_ERROR: Fidelity("mapped", "Told in words."),
    Feature.TOOL_RESULT_MEDIA: Fidelity("mapped", "In the user's message after the result."),
    Feature.REASONING: Fidelity("approximated", "Its text, where the endpoint wants it back; dropped elsewhere."),
    Feature.UNSIGNED_REASONING: Fidelity("passed", "Where the endpoint wants it back; dropped elsewhere."),
    Feature.REDACTED_REASONING: Fidelity("dropped", "Only its provider can read it."),
    Feature.SEARCH_RESULTS: Fidelity("mapped", "Text of the answer that they led to."),
    Feature.TOOLS: Fidelity("passed"),
    Feature.STRICT_TOOLS: Fidelity("passed", "Where the endpoint takes it and the schema is one that is enforced; dropped elsewhere."),
    Feature.TOOL_CHOICE: Fidelity("passed", "Asked for in words where the endpoint does not keep it."),
    Feature.SERIAL_TOOL_CALLS: Fidelity("passed", "Only the first call is delivered where the endpoint does not keep it."),
    Feature.WEB_SEARCH: Fidelity("dropped", "Passed to OpenAI's own search models from clients of the same protocol."),
    Feature.WEB_SEARCH_DOMAINS: Fidelity("dropped", "Goes with the search."),
    Feature.WEB_SEARCH_USES: Fidelity("dropped", "Goes with the search."),
    Feature.MAX_TOKENS: Fidelity("passed", "At most what the model can."),
    Feature.TEMPERATURE: Fidelity("passed", "Dropped for models that fix it."),
    Feature.TOP_P: Fidelity("passed", "Dropped for models that fix it."),
    Feature.TOP_K: Fidelity("passed", "Dropped where the endpoint has no such member."),
    Feature.STOP: Fidelity("passed", "The gateway cuts the answer where the endpoint has no such member."),
    Feature.THINKING: Fidelity("mapped", "The endpoint's own switch or effort; dropped where the model does not think."),
    Feature.THINKING_BUDGET: Fidelity("approximated", "As the effort next to it; dropped where there is none."),
    Feature.THINKING_DISPLAY: Fidelity("passed", "The gateway leaves the thinking out."),
    Feature.EFFORT: Fidelity("mapped", "The next effort that the model offers; dropped where it offers none."),
    Feature.JSON_OBJECT: Fidelity("passed", "Asked for in words where the endpoint has no such member."),
    Feature.JSON_SCHEMA: Fidelity(
        "passed", "Held to where that can be enforced; asked for in words where the endpoint has no such member."
    ),
}
