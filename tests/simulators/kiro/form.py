"""Rules on the form of the body: which members there are and what types they have."""

import re
from typing import Any

from tests.simulators.kiro import fields
from tests.simulators.kiro.request import Request, array, mapping, text
from tests.simulators.kiro.terms import Terms


def system_prompt(request: Request, _: Terms) -> str | None:
    return "systemPrompt at the top" if "systemPrompt" in request.top else None


def members(request: Request, _: Terms) -> str | None:
    """Only declared members, of the declared types; what has a rule of its own is looked at there."""
    return _misfit(request.raw, BODY, "$")


def ends_with_user(request: Request, _: Terms) -> str | None:
    current = request.state.get("currentMessage")
    if not isinstance(current, dict) or not isinstance(current.get("userInputMessage"), dict):
        return "currentMessage is no userInputMessage"
    return None


def one_role(request: Request, _: Terms) -> str | None:
    for index, entry in enumerate(array(request.state, "history")):
        if len(entry) != 1:
            return f"history[{index}] has the members {sorted(entry)}"
    return None


def contents(request: Request, _: Terms) -> str | None:
    for turn in request.turns:
        if not isinstance(turn.message.get("content"), str):
            return f"content of turn {turn.index} is no string"
    return None


def arn_missing(request: Request, terms: Terms) -> str | None:
    return "profileArn is required for this request." if terms.arn_required and request.top.get("profileArn") is None else None


def arn_malformed(request: Request, _: Terms) -> str | None:
    arn = request.top.get("profileArn")
    return None if arn is None or (isinstance(arn, str) and ARN.fullmatch(arn)) else f"profileArn {arn!r}"


def arn_foreign(request: Request, terms: Terms) -> str | None:
    arn = request.top.get("profileArn")
    return f"{arn} is not {terms.profile_arn}" if arn and terms.profile_arn and arn != terms.profile_arn else None


def trigger(request: Request, _: Terms) -> str | None:
    value = request.state.get("chatTriggerType")
    return None if value == "MANUAL" else f"chatTriggerType {value!r}"


def conversation_id(request: Request, _: Terms) -> str | None:
    value = request.state.get("conversationId")
    return None if value is None or (isinstance(value, str) and CONVERSATION_ID.fullmatch(value)) else f"conversationId {value!r}"


def origin(request: Request, _: Terms) -> str | None:
    for turn in request.users:
        value = turn.message.get("origin")
        if value is not None and (not isinstance(value, str) or value not in ORIGINS):
            return f"origin {value!r} in turn {turn.index}"
    return None


def task_type(request: Request, _: Terms) -> str | None:
    value = request.state.get("agentTaskType", "vibe")
    return None if value in ("vibe", "spectask") else f"agentTaskType {value!r}"


def model_id(request: Request, terms: Terms) -> str | None:
    return None if request.model in terms.models else f"modelId {request.current.message.get('modelId')!r}"


def request_fields(request: Request, terms: Terms) -> str | None:
    """A model without a schema refuses the member itself, even when it is empty."""
    if "additionalModelRequestFields" not in request.top:
        return None
    schema = terms.models[request.model].schema
    if schema is None:
        return "additionalModelRequestFields is not supported for this model"
    return fields.fault(request.top["additionalModelRequestFields"], schema)


def size(request: Request, terms: Terms) -> str | None:
    limit = terms.size_limit
    if limit is None:
        model = terms.models.get(request.model)
        limit = model.window if model else SMALLEST_WINDOW
    tokens = estimate(request.raw)
    return f"about {tokens} tokens, limit {limit}" if tokens > limit else None


def long_texts(request: Request, _: Terms) -> str | None:
    """The older service's caps on one text; the newer has none."""
    for turn in request.users:
        if len(turn.content) > USER_CHARS:
            return f"{len(turn.content)} characters in turn {turn.index}"
        for result in turn.results:
            if sum(len(text(part, "text")) for part in array(result, "content")) > RESULT_CHARS:
                return f"tool result in turn {turn.index}"
    return None


def estimate(value: Any, name: str = "") -> int:
    """Tokens of a JSON value: four ASCII characters or one other; image bytes and signatures count nothing."""
    if isinstance(value, str):
        wide = 0 if value.isascii() else len(value) - len(value.encode("ascii", "ignore"))
        return 0 if name in UNCOUNTED else (len(value) - wide) // 4 + wide + 1
    if isinstance(value, dict):
        return sum(len(key) // 4 + 1 + estimate(member, key) for key, member in value.items())
    return sum(estimate(member) for member in value) if isinstance(value, list) else 1


def _misfit(value: Any, form: Any, path: str) -> str | None:
    """`form` is ANY, a type, a one-element list for an array, or a dict of the known members."""
    if form is ANY:
        return None
    if isinstance(form, type):
        return None if isinstance(value, form) else f"{path} is {type(value).__name__}"
    if not isinstance(value, type(form)):
        return f"{path} is {type(value).__name__}"
    if isinstance(form, list):
        return next((found for index, item in enumerate(value) if (found := _misfit(item, form[0], f"{path}[{index}]"))), None)
    foreign = [name for name in value if name not in form]
    if foreign:
        return f"{path} has the foreign members {foreign}"
    return next((found for name, item in value.items() if (found := _misfit(item, form[name], f"{path}.{name}"))), None)


def state_present(request: Request, _: Terms) -> str | None:
    return None if mapping(request.top, "conversationState") else "no conversationState"


ANY = object()
USE = {"toolUseId": ANY, "name": ANY, "input": ANY}
CONTEXT = {
    "tools": [dict],
    "toolResults": [dict],
    "envState": dict,
    "editorState": dict,
    "shellState": dict,
    "gitState": dict,
    "additionalContext": list,
}
USER = {
    "content": ANY,
    "modelId": ANY,
    "origin": ANY,
    "userIntent": str,
    "images": [ANY],
    "cachePoint": dict,
    "clientCacheConfig": dict,
    "userInputMessageContext": CONTEXT,
}
ASSISTANT = {
    "content": ANY,
    "messageId": str,
    "toolUses": [USE],
    "reasoningContent": ANY,
    "cachePoint": dict,
    "supplementaryWebLinks": list,
    "references": list,
    "followupPrompt": dict,
}
BODY: dict[str, Any] = {
    "conversationState": {
        "conversationId": ANY,
        "rootConversationId": str,
        "chatTriggerType": ANY,
        "agentTaskType": ANY,
        "agentContinuationId": str,
        "customizationArn": str,
        "workspaceId": str,
        "history": [{"userInputMessage": USER, "assistantResponseMessage": ASSISTANT}],
        "currentMessage": {"userInputMessage": USER, "assistantResponseMessage": ANY},
    },
    "profileArn": ANY,
    "agentMode": str,
    "additionalModelRequestFields": ANY,
    "inferenceConfig": dict,  # accepted and ignored
}

ORIGINS = frozenset(
    """AI_EDITOR CHATBOT CLI CONSOLE DOCUMENTATION GITLAB IDE INLINE_CHAT KIRO_CLI MARKETING MD MD_CE MD_IDE MOBILE
    OPENSEARCH_DASHBOARD Q_DEV_BEXT SAGE_MAKER SERVICE_INTERNAL SM_AI_STUDIO_IDE UNIFIED_SEARCH UNKNOWN""".split()  # noqa: SIM905 - 22 quoted words read worse
)
ARN = re.compile(r"arn:aws:codewhisperer:[a-z0-9-]+:\d{12}:profile/[A-Za-z0-9]+")
CONVERSATION_ID = re.compile(r"(sess_)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
UNCOUNTED = frozenset({"bytes", "signature", "redactedContent"})
SMALLEST_WINDOW = 128_000
USER_CHARS = 600_000
RESULT_CHARS = 800_000
