"""A call as the one request Kiro's runtime host takes: POST /generateAssistantResponse.

The body is built from an allow-list of members (E02) and depends on nothing but the call, the lease
and the stamp, so that equal prefixes stay equal bytes and the provider's prompt cache can serve them.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from dataplane.conversation.model import Call, Reasoning, Stamp
from dataplane.upstreams.base import HttpRequest, Lease
from dataplane.upstreams.kiro import reasoning, surrogates, tools
from dataplane.upstreams.kiro.entries import Assistant, Entry, Result, User
from dataplane.upstreams.kiro.history import shaped
from dataplane.upstreams.kiro.names import Names, names
from dataplane.wire import jsontext

CONTENT_TYPE = "application/vnd.amazon.eventstream"
ORIGIN = "AI_EDITOR"
# The client whose wire form this is; see Kiro wire notes, headers and versions.
IDE_VERSION = "1.1.70"
SDK_VERSION = "1.0.34"
NODE_VERSION = "22.22.0"
SYSTEM = "linux#6.8.0"
# A command without output; an empty text is refused (T12).
NO_OUTPUT = "(no output)"

_is_arn = re.compile(r"arn:aws[a-z-]*:codewhisperer:[a-z0-9-]+:\d+:profile/[A-Za-z0-9]+").fullmatch


def post(call: Call, lease: Lease, stamp: Stamp, *, attempt: int = 1) -> HttpRequest:
    """The request of one attempt. A second attempt goes without the reasoning that the first was refused for."""
    url = f"{lease.base_urls[0]}/generateAssistantResponse"
    return HttpRequest("POST", url, headers(lease, stamp, attempt), body(call, lease, stamp, signed=attempt == 1))


def headers(lease: Lease, stamp: Stamp, attempt: int) -> dict[str, str]:
    client = f"KiroIDE-{IDE_VERSION}-{machine(lease)}"
    found = {
        "Authorization": f"Bearer {lease.credential.access_token}",
        "Content-Type": "application/json",
        "Accept": CONTENT_TYPE,
        "x-amzn-codewhisperer-optout": "true",
        "x-amzn-kiro-agent-mode": "vibe",
        "x-amz-user-agent": f"aws-sdk-js/{SDK_VERSION} {client}",
        "user-agent": f"aws-sdk-js/{SDK_VERSION} ua/2.1 os/{SYSTEM} lang/js md/nodejs#{NODE_VERSION}"
        f" api/codewhispererstreaming#{SDK_VERSION} m/E {client}",
        "amz-sdk-invocation-id": uuid("invocation", stamp.id),
        "amz-sdk-request": f"attempt={attempt}; max=3",
    }
    if kind := _TOKEN_TYPES.get(lease.attributes.get("auth_method", "")):
        found["TokenType"] = kind
    return found


def machine(lease: Lease) -> str:
    """The account's machine id; ids that are missing or shared draw throttling."""
    return lease.attributes.get("machine_id") or sha256(f"machine\0{lease.account_id}".encode()).hexdigest()


def uuid(*parts: str) -> str:
    """A version 4 UUID that depends on `parts` alone."""
    digest = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    variant = "89ab"[int(digest[16], 16) % 4]
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def body(call: Call, lease: Lease, stamp: Stamp, *, signed: bool = True) -> bytes:
    """The JSON of the request; `signed` reasoning may be left out. Raises InvalidRequest."""
    found: dict[str, Any] = {"conversationState": _state(call, lease, stamp, signed=signed)}
    arn = lease.attributes.get("profile_arn", "")
    # A malformed one would make the body invalid; without it the account is at fault, as it should be (E04).
    if _is_arn(arn):
        found["profileArn"] = arn
    if fields := reasoning.fields(call, lease.request_fields_schema):
        found["additionalModelRequestFields"] = fields
    try:
        return jsontext.dumps(found)
    except UnicodeEncodeError:
        return jsontext.dumps(surrogates.mend(found))


def _state(call: Call, lease: Lease, stamp: Stamp, *, signed: bool) -> dict[str, Any]:
    known = names(call)
    entries = shaped(call)
    current = _user(entries[-1], lease.model)
    message = current["userInputMessage"]
    if sentence := tools.instruction(call, known):
        message["content"] = _text([message["content"], sentence] if message["content"] else [sentence])
    if specifications := tools.specifications(call, known):
        message.setdefault("userInputMessageContext", {})["tools"] = specifications
    found: dict[str, Any] = {
        "conversationId": uuid("conversation", lease.key_id, call.session) if call.session else uuid("conversation", stamp.id),
        "chatTriggerType": "MANUAL",
        "agentTaskType": "vibe",
        "agentContinuationId": uuid("continuation", stamp.id),
    }
    if len(entries) > 1:
        found["history"] = _history(entries[:-1], lease.model, known, signed=signed)
    found["currentMessage"] = current
    return found


def _history(entries: Sequence[Entry], model: str, known: Names, *, signed: bool) -> list[dict[str, Any]]:
    return [_user(entry, model) if isinstance(entry, User) else _assistant(entry, known, signed=signed) for entry in entries]


def _user(entry: Entry, model: str) -> dict[str, Any]:
    assert isinstance(entry, User), "the current message is the user's"
    texts = [part for part in entry.parts if isinstance(part, str)]
    message: dict[str, Any] = {"content": _text(texts), "modelId": model, "origin": ORIGIN}
    if len(texts) < len(entry.parts):
        results = [_result(part) for part in entry.parts if isinstance(part, Result)]
        message["userInputMessageContext"] = {"toolResults": results}
    return {"userInputMessage": message}


def _text(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else "\n\n".join(texts)


def _result(result: Result) -> dict[str, Any]:
    texts = result.texts or [NO_OUTPUT]
    # The status does not reach the model, the words do (T11).
    if result.is_error and texts[0][:5].lower() != "error":
        texts = [f"Error: {texts[0]}", *texts[1:]]
    status = "error" if result.is_error else "success"
    return {"toolUseId": result.id, "content": [{"text": text} for text in texts], "status": status}


def _assistant(entry: Assistant, known: Names, *, signed: bool) -> dict[str, Any]:
    message: dict[str, Any] = {"content": _text(entry.texts)}
    if entry.uses:
        message["toolUses"] = [
            {"toolUseId": use.id, "name": known.wire[use.name], "input": tools.arguments(use.arguments)} for use in entry.uses
        ]
    if entry.reasoning and signed:
        message["reasoningContent"] = _reasoning(entry.reasoning)
    return {"assistantResponseMessage": message}


def _reasoning(part: Reasoning) -> dict[str, Any]:
    if part.redacted:
        return {"redactedContent": part.redacted}
    return {"reasoningText": {"text": part.text, "signature": part.signature}}


# Accounts whose bearer is not a sign-in token say so in a header.
_TOKEN_TYPES = {"api-key": "API_KEY", "external-idp": "EXTERNAL_IDP"}
