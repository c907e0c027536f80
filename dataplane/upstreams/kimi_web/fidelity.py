"""What becomes of each thing a client can ask for, at kimi-web; docs/fidelity.md is written from it."""

from collections.abc import Callable, Iterator, Mapping

from dataplane.conversation.features import Feature, Fidelity
from dataplane.conversation.model import Call, Image
from dataplane.wire.pruning import NOTHING


def dropped(call: Call) -> list[str]:
    """The client's paths of what the site has no place for, and members of another family, each once."""
    return list(dict.fromkeys(_lost(call)))


def _lost(call: Call) -> Iterator[str]:
    for feature, paths in call.asked.items():
        if FIDELITY[feature].kind == "dropped" and _JUDGES.get(feature, _always)(call):
            yield from paths
    if call.tools and Feature.TOOLS not in call.asked:
        yield "tools"
    for part in call.media:
        if isinstance(part, Image):
            yield part.where or "messages"
    yield from (name for name, raw in call.extras.items() if raw not in NOTHING)


def _always(_: Call) -> bool:
    return True


def _thinks(call: Call) -> bool:
    """Thinking that is not wanted is no loss."""
    thinking = call.thinking
    return thinking is not None and (thinking.mode != "disabled" or thinking.effort not in {"", "none"})


def _calls(call: Call) -> bool:
    """No tool is called, which is what some ask for."""
    return call.tool_choice.mode != "none"


# What is no loss in some conversations.
_JUDGES: Mapping[Feature, Callable[[Call], bool]] = {
    Feature.THINKING: _thinks,
    Feature.THINKING_BUDGET: _thinks,
    Feature.THINKING_DISPLAY: _thinks,
    Feature.EFFORT: _thinks,
    Feature.TOOL_CHOICE: _calls,
}

_TOOLLESS = Fidelity("dropped", "The site knows no tools.")
_THOUGHTLESS = Fidelity("dropped", "Its models do not think aloud.")
_DRAWN = Fidelity("dropped", "The site has no such setting.")
_FORMLESS = Fidelity("dropped", "The site answers in prose.")
_BLIND = Fidelity("dropped", "The site takes text only; a note stands in its place.")
_SEARCHLESS = Fidelity("dropped", "The site does not search.")
_FORGOTTEN = Fidelity("dropped", "The site has no place for earlier thinking.")

FIDELITY: Mapping[Feature, Fidelity] = {
    Feature.GATEWAY: Fidelity("passed", "The gateway does it, whatever the upstream."),
    Feature.HINT: Fidelity("passed", "Changes no answer."),
    Feature.UNMODELLED: Fidelity("dropped", "Only an upstream of the client's own family could read it."),
    Feature.UNSEATED: Fidelity("dropped", "No upstream has a seat for it."),
    Feature.MODEL: Fidelity("mapped", "The site's own name of the model."),
    Feature.SESSION: Fidelity("mapped", "The whole conversation is sent each time; what a named user said before, the gateway keeps."),
    Feature.SYSTEM: Fidelity("mapped", "The beginning of the one text that the site takes."),
    Feature.LATER_INSTRUCTIONS: Fidelity("mapped", "A paragraph of the text at the same place, labelled System."),
    Feature.TEXT: Fidelity("mapped", "A labelled paragraph; a line that begins like a label is moved by a space."),
    Feature.IMAGE: _BLIND,
    Feature.IMAGE_URL: _BLIND,
    Feature.DOCUMENT: Fidelity("approximated", "Its text; a file without any is refused."),
    Feature.DOCUMENT_URL: Fidelity("approximated", "Fetched by the gateway, then as a document."),
    Feature.TOOL_CALL: Fidelity("approximated", "Told in words."),
    Feature.TOOL_RESULT: Fidelity("approximated", "Told in words."),
    Feature.TOOL_RESULT_ERROR: Fidelity("approximated", "Told in words."),
    Feature.TOOL_RESULT_MEDIA: Fidelity("approximated", "The text of files; pictures are dropped."),
    Feature.REASONING: _FORGOTTEN,
    Feature.UNSIGNED_REASONING: _FORGOTTEN,
    Feature.REDACTED_REASONING: _FORGOTTEN,
    Feature.SEARCH_RESULTS: Fidelity("approximated", "Told in words, every hit in full."),
    Feature.TOOLS: _TOOLLESS,
    Feature.STRICT_TOOLS: _TOOLLESS,
    Feature.TOOL_CHOICE: _TOOLLESS,
    Feature.SERIAL_TOOL_CALLS: _TOOLLESS,
    Feature.WEB_SEARCH: _SEARCHLESS,
    Feature.WEB_SEARCH_DOMAINS: _SEARCHLESS,
    Feature.WEB_SEARCH_USES: _SEARCHLESS,
    Feature.MAX_TOKENS: Fidelity("approximated", "By the gateway's count."),
    Feature.TEMPERATURE: _DRAWN,
    Feature.TOP_P: _DRAWN,
    Feature.TOP_K: _DRAWN,
    Feature.STOP: Fidelity("approximated", "The gateway cuts the answer."),
    Feature.THINKING: _THOUGHTLESS,
    Feature.THINKING_BUDGET: _THOUGHTLESS,
    Feature.THINKING_DISPLAY: _THOUGHTLESS,
    Feature.EFFORT: _THOUGHTLESS,
    Feature.JSON_OBJECT: _FORMLESS,
    Feature.JSON_SCHEMA: _FORMLESS,
}
