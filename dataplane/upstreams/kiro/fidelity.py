"""What becomes of each thing a client can ask for, at Kiro; docs/fidelity.md is written from it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeGuard

from dataplane.conversation.features import Feature, Fidelity
from dataplane.conversation.model import Call, Document, Image, Part, Reasoning, Search, Text, ToolCall, ToolResult, Turn
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro import provenance
from dataplane.upstreams.kiro.asking import instructions, reasoning
from dataplane.upstreams.kiro.asking.entries import Assistant, blank, folded
from dataplane.upstreams.kiro.asking.history import repaired
from dataplane.wire.pruning import NOTHING


def dropped(call: Call, lease: Lease) -> list[str]:
    """The client's paths of what has no seat with this model and account, and members of another family."""
    lost = (path for feature, paths in call.asked.items() for path in _lost(feature, paths, call, lease))
    return [*lost, *(name for name, raw in call.extras.items() if raw not in NOTHING)]


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
    return _left(paths, [lost for part, lost in _unsent(call, lease) if not part.redacted])


def _redacted(paths: list[str], call: Call, lease: Lease) -> list[str]:
    return _left(paths, [lost for part, lost in _unsent(call, lease) if part.redacted])


def _left(paths: list[str], lost: list[bool]) -> list[str]:
    """The paths of what is lost. A dialect may name only the first of many; all are told when none of these is lost."""
    if True not in lost:
        return []
    return [path for path, gone in zip(paths, lost, strict=False) if gone] or paths


def _unsent(call: Call, lease: Lease) -> list[tuple[Reasoning, bool]]:
    """Signed and redacted reasoning, and whether it stays here: because another account or model made it
    (R02), or because it finds no seat (R03, C02).
    """
    thoughts = [part for turn in call.turns if turn.role == "assistant" for part in turn.parts if _counts(part)]
    own = [provenance.bare(part.redacted or part.signature or "", lease) for part in thoughts]
    if all(bare is None for bare in own) or _roomy(call.turns):
        return [(part, bare is None) for part, bare in zip(thoughts, own, strict=True)]
    seated = _seated(call, lease)
    found = list[tuple[Reasoning, bool]]()
    # From the end: of the same piece twice in one answer, it is the last one that is sent.
    for part, bare in zip(reversed(thoughts), reversed(own), strict=True):
        sent = bool(seated) and seated[-1] == (bool(part.redacted), "" if part.redacted else part.text, bare)
        if sent:
            seated.pop()
        found.append((part, not sent))
    return found[::-1]


def _counts(part: Part) -> TypeGuard[Reasoning]:
    return isinstance(part, Reasoning) and bool(part.redacted or part.signature)


def _roomy(turns: list[Turn]) -> bool:
    """Whether each answer stands by itself, with one piece of reasoning at most and something else beside it, so
    that all of it has a seat. Most conversations are so, which spares them the exact answer.
    """
    before: Turn | None = None
    for turn in turns:
        if turn.role != "assistant":
            if not _stays(turn, before):
                return False
        elif (before is not None and before.role == "assistant") or not _has_seats(turn):
            return False
        before = turn
    return True


def _stays(turn: Turn, before: Turn | None) -> bool:
    """Whether there is something in the user's turn that is neither blank nor a result that belongs elsewhere (T05)."""
    for part in turn.parts:
        if type(part) is ToolResult:
            if before is not None and _asked(before, part.call_id):
                return True
        elif type(part) is not Text or not blank(part.text):
            return True
    return False


def _asked(turn: Turn, id: str) -> bool:
    for part in turn.parts:  # noqa: SIM110 - a generator costs as much as the rest
        if type(part) is ToolCall and part.id == id:
            return True
    return False


def _has_seats(turn: Turn) -> bool:
    pieces, speaks = 0, False
    for part in turn.parts:
        if type(part) is Search:
            # What follows a search is an answer of its own.
            pieces, speaks = 0, False
        elif type(part) is Reasoning:
            pieces += _counts(part)
            if pieces > 1:
                return False
        elif not speaks:
            speaks = type(part) is not Text or not blank(part.text)
    return speaks or not pieces


def _seated(call: Call, lease: Lease) -> list[tuple[bool, str, str | None]]:
    """What the entries that would be sent hold of reasoning. Media, which are not yet as Kiro wants them, have stand-ins."""
    turns = [Turn(turn.role, [_stand_in(part, turn) for part in turn.parts]) for turn in call.turns]
    entries = repaired(folded(replace(call, turns=turns), replace(lease, input_types=()), signed=True))
    kept = [entry.reasoning for entry in entries if isinstance(entry, Assistant) and entry.reasoning]
    return [(bool(part.redacted), part.text, part.redacted or part.signature) for part in kept]


def _stand_in(part: Part, turn: Turn) -> Part:
    """A picture of an answer moves to the user turn after it, which then is not empty (I01)."""
    if isinstance(part, ToolResult):
        return ToolResult(part.call_id)
    if isinstance(part, Image) and turn.role == "assistant":
        return Image()
    return Text(".") if isinstance(part, Image | Document) else part


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
    Feature.REASONING: Fidelity(
        "passed", "Dropped where another account or model signed it, or its answer has a later piece or nothing else."
    ),
    Feature.UNSIGNED_REASONING: Fidelity("dropped", "Kiro takes signed reasoning only."),
    Feature.REDACTED_REASONING: Fidelity(
        "passed", "Dropped where another account or model made it, or its answer has a later piece or nothing else."
    ),
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
