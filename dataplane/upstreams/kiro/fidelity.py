"""What becomes of each thing a client can ask for, at Kiro; docs/fidelity.md is written from it."""

from collections.abc import Callable, Iterator, Mapping

from dataplane.conversation.features import IDLE, Feature, Fidelity
from dataplane.conversation.model import Call, Reasoning
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro import instructions, provenance, reasoning


def dropped(call: Call, lease: Lease) -> list[str]:
    """The client's paths of what has no seat with this model and account, and members of another family."""
    lost = (path for feature, paths in call.asked.items() for path in _lost(feature, paths, call, lease))
    return [*lost, *(name for name, raw in call.extras.items() if raw not in IDLE)]


def _lost(feature: Feature, paths: list[str], call: Call, lease: Lease) -> list[str]:
    judge = _JUDGES.get(feature)
    if judge:
        return judge(paths, call, lease)
    return paths if FIDELITY[feature].kind == "dropped" else []


def _thinking(paths: list[str], call: Call, lease: Lease) -> list[str]:
    """Thinking that is not wanted and not offered is no loss."""
    wanted = call.thinking is not None and not reasoning.off(call.thinking)
    return paths if wanted and not _thinks(call, lease) else []


def _effort(paths: list[str], call: Call, lease: Lease) -> list[str]:
    """An effort may be asked for without thinking; only Claude's own field has a seat for that."""
    if call.thinking is None or call.thinking.effort in {"", "none"}:
        return []
    if reasoning.off(call.thinking):
        return [] if reasoning.read(lease.request_fields_schema).effort else paths
    return _thinking(paths, call, lease)


def _display(paths: list[str], call: Call, lease: Lease) -> list[str]:
    """Summaries are what is shown anyway; only their absence needs a seat."""
    if call.thinking and call.thinking.display == "omitted" and "omitted" not in reasoning.read(lease.request_fields_schema).displays:
        return paths
    return _thinking(paths, call, lease)


def _thinks(call: Call, lease: Lease) -> bool:
    return reasoning.read(lease.request_fields_schema).thinks() or bool(instructions.thinking_tags(call, lease))


def _signed(paths: list[str], call: Call, lease: Lease) -> list[str]:
    return _foreign(paths, [part.signature for part in _thoughts(call) if part.signature and not part.redacted], lease)


def _redacted(paths: list[str], call: Call, lease: Lease) -> list[str]:
    return _foreign(paths, [part.redacted for part in _thoughts(call) if part.redacted], lease)


def _foreign(paths: list[str], marked: list[str], lease: Lease) -> list[str]:
    """Paths of what another account or model made (R02), all of them where paths and parts do not match one to one."""
    foreign = [provenance.bare(each, lease) is None for each in marked]
    if len(paths) == len(foreign):
        return [path for path, lost in zip(paths, foreign, strict=True) if lost]
    return paths if any(foreign) else []


def _thoughts(call: Call) -> Iterator[Reasoning]:
    return (part for turn in call.turns if turn.role == "assistant" for part in turn.parts if isinstance(part, Reasoning))


# What depends on the model, the account or the conversation.
_JUDGES: Mapping[Feature, Callable[[list[str], Call, Lease], list[str]]] = {
    Feature.THINKING: _thinking,
    Feature.THINKING_BUDGET: _thinking,
    Feature.THINKING_DISPLAY: _display,
    Feature.EFFORT: _effort,
    Feature.REASONING: _signed,
    Feature.REDACTED_REASONING: _redacted,
}

FIDELITY: Mapping[Feature, Fidelity] = {
    Feature.GATEWAY: Fidelity("passed", "The gateway does it, whatever the upstream."),
    Feature.HINT: Fidelity("passed", "Changes no answer; Kiro caches prefixes by itself."),
    Feature.UNMODELLED: Fidelity("dropped", "Only an upstream of the client's own family could read it."),
    Feature.UNSEATED: Fidelity("dropped", "No upstream has a seat for it."),
    Feature.MODEL: Fidelity("mapped", "Kiro's own id of the model."),
    Feature.SESSION: Fidelity("mapped", "A conversation id that depends on the key and the session."),
    Feature.SYSTEM: Fidelity("mapped", "The beginning of the first user turn; Kiro has no place of its own for it."),
    Feature.LATER_INSTRUCTIONS: Fidelity("mapped", "Text of the user turn at the same place."),
    Feature.TEXT: Fidelity("passed"),
    Feature.IMAGE: Fidelity("mapped", "Converted and scaled down where Kiro would refuse it; pictures of an assistant turn follow it."),
    Feature.IMAGE_URL: Fidelity("mapped", "Fetched by the gateway."),
    Feature.DOCUMENT: Fidelity("approximated", "Its text; pages without text as pictures."),
    Feature.DOCUMENT_URL: Fidelity("approximated", "Fetched by the gateway, then as a document."),
    Feature.TOOL_CALL: Fidelity("mapped", "Ids and names that Kiro refuses get an alias; arguments that are no object are wrapped."),
    Feature.TOOL_RESULT: Fidelity("mapped", "Kept beside its call."),
    Feature.TOOL_RESULT_ERROR: Fidelity("mapped", "A status, and in words, as the model sees no status."),
    Feature.TOOL_RESULT_MEDIA: Fidelity("mapped", "On the same user turn, with a numbered mark in the result."),
    Feature.REASONING: Fidelity("passed", "Dropped where another account or model signed it, which Kiro would refuse."),
    Feature.UNSIGNED_REASONING: Fidelity("dropped", "Kiro takes signed reasoning only."),
    Feature.REDACTED_REASONING: Fidelity("passed", "Dropped where another account or model made it."),
    Feature.SEARCH_RESULTS: Fidelity("mapped", "A tool call and its result, every hit in full."),
    Feature.TOOLS: Fidelity("mapped", "Schemas lose what Kiro refuses; where a host wants simple ones, the rest is told in descriptions."),
    Feature.STRICT_TOOLS: Fidelity("dropped", "Kiro does not enforce schemas."),
    Feature.TOOL_CHOICE: Fidelity("approximated", "Asked for in words; calls that are forbidden are not delivered."),
    Feature.SERIAL_TOOL_CALLS: Fidelity("approximated", "Asked for in words; only the first call is delivered."),
    Feature.WEB_SEARCH: Fidelity("mapped", "Made by the gateway over Kiro's own search."),
    Feature.WEB_SEARCH_DOMAINS: Fidelity("approximated", "Hits are filtered after the search."),
    Feature.WEB_SEARCH_USES: Fidelity("approximated", "Counted by the gateway; never more than 20 in one answer."),
    Feature.MAX_TOKENS: Fidelity("approximated", "Kiro's own limit where the model has one, else by the gateway's count."),
    Feature.TEMPERATURE: Fidelity("dropped", "Kiro ignores it."),
    Feature.TOP_P: Fidelity("dropped", "Kiro ignores it."),
    Feature.TOP_K: Fidelity("dropped", "Kiro ignores it."),
    Feature.STOP: Fidelity("approximated", "The gateway cuts the answer."),
    Feature.THINKING: Fidelity("mapped", "Asked for in words where the model does not reason by itself; dropped where neither works."),
    Feature.THINKING_BUDGET: Fidelity("approximated", "As the effort next to it."),
    Feature.THINKING_DISPLAY: Fidelity("mapped", "Dropped where the model has no choice of it."),
    Feature.EFFORT: Fidelity("mapped", "The next effort that the model offers."),
    Feature.JSON_OBJECT: Fidelity("approximated", "Asked for in words; text around the object is cut off."),
    Feature.JSON_SCHEMA: Fidelity("approximated", "Asked for in words with the schema; not enforced."),
}
