"""What Kiro's wire has no field for, said to the model in words.

What is asked of every answer opens the conversation: there it stays as it is from request to request,
and the provider's prompt cache serves all that follows. The choice of a tool is for one answer. It
stands at the end of the current message and is gone in the next request, which costs the cache
that one message.
"""

import re
from functools import lru_cache

from dataplane.conversation.model import Call, OutputFormat, Thinking, ToolChoice
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import Lease
from dataplane.upstreams.kiro.asking import reasoning
from dataplane.upstreams.kiro.asking.names import SEARCH, Names, used

# The client's own name for the hosted search in tool_choice.
WEB_SEARCH = "web_search"
# Tokens of thinking in the tags that older models were taught.
USUAL_THINKING, LEAST_THINKING, MOST_THINKING = 20_000, 1024, 24_576


def standing(call: Call) -> list[str]:
    """What is asked of every answer, for the end of the system text."""
    return [sentence for sentence in (_serial(call), _form(call.output_format, call)) if sentence]


def sentences(call: Call, names: Names) -> list[str]:
    """What is asked of the next answer only, for the current turn. Raises InvalidRequest for a choice that cannot be met."""
    choice = _choice(call.tool_choice, call, names)
    return [choice] if choice else []


def thinking_tags(call: Call, lease: Lease) -> str:
    """What opens the system text of a model without native reasoning whose thinking is wanted, else "" (R05).

    It never stands beside tool results (C08): the system text opens the first turn.
    """
    thinking = call.thinking
    if thinking is None or reasoning.off(thinking) or native(lease):
        return ""
    if thinking.mode == "adaptive":
        effort = _ADAPTIVE.get(thinking.effort, "high")
        return f"<thinking_mode>adaptive</thinking_mode><thinking_effort>{effort}</thinking_effort>"
    return f"<thinking_mode>enabled</thinking_mode><max_thinking_length>{_length(thinking)}</max_thinking_length>"


def native(lease: Lease) -> bool:
    """Whether the model reasons by itself.

    Its catalogue's schema says so. Where there is none, or it says nothing of reasoning, the name
    still may: the tags would make such a model refuse to answer, which is worse than no thinking.
    """
    return reasoning.read(lease.request_fields_schema).thinks() or _native(lease.model)


@lru_cache(maxsize=256)
def _native(model: str) -> bool:
    name = model.lower().replace("_", "-")
    version = _VERSION.match(name)
    if version:
        return (int(version[1]), int(version[2] or 0)) >= NATIVE_CLAUDE
    return name.startswith(_NATIVE)


def _length(thinking: Thinking) -> int:
    wanted = thinking.budget if thinking.budget is not None else _LENGTHS.get(thinking.effort, USUAL_THINKING)
    return min(max(wanted, LEAST_THINKING), MOST_THINKING)


def _choice(choice: ToolChoice, call: Call, names: Names) -> str:
    """The client's tool choice (S11); "" when it is free."""
    match choice.mode:
        case "auto":
            return ""
        case "none":
            return "" if next(used(call), None) is None else "Answer without calling any tool."
        case "required":
            if not call.tools and call.web_search is None:
                raise InvalidRequest("tool_choice asks for a tool call, but no tools are declared", param="tool_choice")
            return "Answer by calling at least one tool."
        case "named":
            return f"Answer by calling the tool {names.wire[_chosen(choice.name, call)]}."


def _chosen(name: str, call: Call) -> str:
    """The key in Names of the tool that the client names: one of its own, else the hosted search."""
    if any(tool.name == name for tool in call.tools):
        return name
    if name == WEB_SEARCH and call.web_search is not None:
        return SEARCH
    raise InvalidRequest(f"tool_choice names the tool {name!r}, which is not declared", param="tool_choice")


def _serial(call: Call) -> str:
    """The decoder lets only the first call through; a model that knows does not waste the others."""
    choice = call.tool_choice
    if choice.parallel or choice.mode == "none" or not (call.tools or call.web_search):
        return ""
    return "Call at most one tool in each answer."


def _form(form: OutputFormat | None, call: Call) -> str:
    """What form the answer must have; a tool call comes before it."""
    if form is None:
        return ""
    begin = "Unless you call a tool, answer" if call.tools or call.web_search else "Answer"
    if form.kind == "json_object" or not form.schema:
        return f"{begin} with a single JSON object and nothing else: no other text, no code fence."
    schema = form.schema.decode("utf-8", "replace")
    return f"{begin} with a single JSON value that fits this JSON schema, and nothing else: no other text, no code fence.\n{schema}"


# Claude reasons natively from this version on (Kiro rules, section 4, models).
NATIVE_CLAUDE = (4, 6)
_VERSION = re.compile(r"claude-[a-z]+-(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)")
# "auto" may choose any model.
_NATIVE = ("auto", "gpt-")
_ADAPTIVE = {"minimal": "low", "low": "low", "medium": "medium"}
_LENGTHS = {"minimal": LEAST_THINKING, "low": 4_000, "medium": 10_000, "xhigh": MOST_THINKING, "max": MOST_THINKING}
