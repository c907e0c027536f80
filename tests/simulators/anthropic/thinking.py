"""Rules about thinking: how it is switched on, what goes with it, and that what came back is what was sent."""

from tests.simulators.anthropic.request import Request, Turn, mapping, objects

EXTRA = "{}: Extra inputs are not permitted"
LEAST = 1024
FIRST = (
    "{}.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is enabled, a final `assistant` message "
    "must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks). "
    "To avoid this requirement, disable `thinking`."
)
MEMBERS = {
    "enabled": frozenset({"type", "budget_tokens", "display"}),
    "adaptive": frozenset({"type", "display"}),
    "disabled": frozenset({"type"}),
}
THOUGHTS = ("thinking", "redacted_thinking")


def config(request: Request) -> str | None:
    given = request.raw.get("thinking")
    if given is None:
        return None
    kind = given.get("type")
    if kind not in MEMBERS:
        return f"thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled'"
    for name in given:
        if name not in MEMBERS[kind]:
            return EXTRA.format(f"thinking.{kind}.{name}")
    display = given.get("display")
    if display not in (None, "summarized", "omitted") and not (display == "updates" and request.betas):
        return f"thinking.{kind}.display: Input should be 'summarized' or 'omitted'"
    return None


def supported(request: Request) -> str | None:
    known = request.model
    if known and request.thinking == "enabled" and not known.budget:
        return (
            '"thinking.type.enabled" is not supported for this model. '
            'Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
        )
    if known and request.thinking == "adaptive" and not known.adaptive:
        return "adaptive thinking is not supported on this model"
    return None


def budget(request: Request) -> str | None:
    if request.thinking != "enabled":
        return None
    wanted = mapping(request.raw["thinking"]).get("budget_tokens")
    if wanted is None:
        return "thinking.enabled.budget_tokens: Field required"
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        return "thinking.enabled.budget_tokens: Input should be a valid integer"
    if wanted < LEAST:
        return f"thinking.enabled.budget_tokens: Input should be greater than or equal to {LEAST}"
    interleaved = request.beta("interleaved-thinking-") and request.tools
    if wanted >= request.raw["max_tokens"] and not interleaved:
        return "`max_tokens` must be greater than `thinking.budget_tokens`."
    return None


def companions(request: Request) -> str | None:
    """What cannot be asked for beside thinking."""
    if request.thinking == "disabled":
        return None
    if mapping(request.raw.get("tool_choice")).get("type") in ("any", "tool"):
        return "Thinking may not be enabled when tool_choice forces tool use."
    if request.raw.get("temperature") not in (None, 1):
        return "`temperature` may only be set to 1 when thinking is enabled or in adaptive mode."
    if request.raw.get("top_p") is not None and request.raw["top_p"] < 0.95:
        return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled or in adaptive mode."
    if request.raw.get("top_k") is not None:
        return "`top_k` must be unset when thinking is enabled or in adaptive mode."
    return None


def signatures(request: Request) -> str | None:
    for block in request.blocks():
        if block.kind == "thinking" and not request.signer.verify(block.raw["thinking"], block.raw["signature"]):
            return f"{block.path}: Invalid `signature` in `thinking` block"
        if block.kind == "redacted_thinking" and not request.signer.verify_redacted(block.raw["data"]):
            return f"{block.path}: Invalid `data` in `redacted_thinking` block"
    return None


def findings(request: Request) -> str | None:
    """What a search found comes back as it went out."""
    for block in request.blocks():
        if block.kind != "web_search_tool_result":
            continue
        for each in objects(block.raw.get("content")):
            if not request.signer.verify(str(each.get("title")), str(each.get("encrypted_content"))):
                return f"{block.path}: Invalid `encrypted_content` in `search_result` block"
    return None


def first(request: Request) -> str | None:
    """With a thinking budget, the turn whose calls are being answered starts with what it thought."""
    turns = [turn for turn in request.turns() if turn.role != "system"]
    if request.thinking != "enabled" or len(turns) < 2 or not _answers(turns[-1]):
        return None
    called = turns[-2]
    head = called.blocks[0]
    return None if head.kind in THOUGHTS else FIRST.format(head.path, head.kind)


def _answers(turn: Turn) -> bool:
    return any(block.kind == "tool_result" for block in turn.blocks)
