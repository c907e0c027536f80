"""Rules about turns, roles and the blocks within."""

from collections.abc import Iterator
from typing import Any

from tests.simulators.anthropic.request import NEW, Block, Request, blocks, mapping

EXTRA = "{}: Extra inputs are not permitted"


def roles(request: Request) -> str | None:
    if not request.raw["messages"]:
        return "messages: at least one message is required"
    for at, message in enumerate(request.raw["messages"]):
        if not isinstance(message, dict):
            return f"messages.{at}: Input should be an object"
        for name in ("role", "content"):
            if name not in message:
                return f"messages.{at}.{name}: Field required"
        if message["role"] not in ROLES:
            return f"messages.{at}.role: Input should be 'user', 'assistant' or 'system'"
        left = [
            name for name in message if name not in ("role", "content") and not (name == "output_config" and message["role"] == "system")
        ]
        if left:
            return EXTRA.format(f"messages.{at}.{left[0]}")
    return None


def system_turns(request: Request) -> str | None:
    """System messages stand right after a user turn, where the model or a beta knows them."""
    for at, message in enumerate(request.messages):
        if message["role"] != "system":
            continue
        if not (request.beta("mid-conversation-system") or (request.model and request.model.system_turns)):
            return "role 'system' is not supported on this model"
        if at == 0 or request.messages[at - 1]["role"] == "assistant":
            return f"messages.{at}: role 'system' must follow a user message"
    return None


def first_user(request: Request) -> str | None:
    return None if request.messages[0]["role"] == "user" else 'messages: first message must use the "user" role'


def nonempty_messages(request: Request) -> str | None:
    """Only a last assistant message may be empty."""
    last = len(request.messages) - 1
    for at, message in enumerate(request.messages):
        content = message["content"]
        if not isinstance(content, str | list):
            return f"messages.{at}.content: Input should be a valid list"
        if not content and not (at == last and message["role"] == "assistant"):
            return f"messages.{at}: all messages must have non-empty content except for the optional final assistant message"
    return None


def kinds(request: Request) -> str | None:
    for at, message in enumerate(request.messages):
        for index, block in enumerate(message["content"] if isinstance(message["content"], list) else ()):
            path = f"messages.{at}.content.{index}"
            if not isinstance(block, dict):
                return f"{path}: Input should be an object"
            if "type" not in block:
                return f"{path}.type: Field required"
            if block["type"] not in MEMBERS:
                tags = ", ".join(f"'{each}'" for each in MEMBERS)
                return f"{path}: Input tag '{block['type']}' found using 'type' does not match any of the expected tags: {tags}"
    return None


def places(request: Request) -> str | None:
    """Which blocks each role may have."""
    for block in request.blocks():
        allowed = ROLES[block.role]
        if block.kind not in allowed:
            role = next(role for role, each in ROLES.items() if block.kind in each)
            return f"{block.path}: `{block.kind}` blocks can only be in `{role}` messages"
        if request.version == NEW and block.role == "assistant" and block.kind == "document":
            return f"{block.path}: `document` blocks can only be in `user` messages"
    return None


def members(request: Request) -> str | None:
    for block in request.nested():
        for name in block.raw:
            if name not in MEMBERS.get(block.kind, {name: None}) and name != "type":
                return EXTRA.format(f"{block.path}.{block.kind}.{name}")
        if request.version == NEW and block.role == "user" and block.kind == "text" and block.raw.get("citations"):
            return EXTRA.format(f"{block.path}.text.citations")
    return None


def types(request: Request) -> str | None:
    for block in request.nested():
        for name, kind in MEMBERS.get(block.kind, {}).items():
            if kind is None:
                continue
            if name not in block.raw:
                return f"{block.path}.{block.kind}.{name}: Field required"
            if not isinstance(block.raw[name], kind):
                return f"{block.path}.{block.kind}.{name}: Input should be a valid {NAMES[kind]}"
    return _result_contents(request)


def texts(request: Request) -> str | None:
    """Text says something, in tool results given as a list too."""
    for block in request.nested():
        if block.kind != "text":
            continue
        if not block.raw["text"]:
            return "messages: text content blocks must be non-empty"
        if not block.raw["text"].strip():
            return "messages: text content blocks must contain non-whitespace text"
    return None


def prefill(request: Request) -> str | None:
    """A last assistant turn is one that the model continues."""
    last = request.turns()[-1] if request.turns() else None
    if last is None or last.role != "assistant" or not request.model:
        return None
    if last.blocks and last.blocks[-1].kind in SERVER_RESULTS:  # a paused turn goes on
        return None
    if not request.model.prefill:
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    if last.blocks and last.blocks[-1].kind == "text" and last.blocks[-1].raw["text"] != last.blocks[-1].raw["text"].rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return None


def system(request: Request) -> str | None:
    given = request.raw.get("system")
    for at, block in enumerate(given if isinstance(given, list) else ()):
        if mapping(block).get("type") != "text":
            return f"system.{at}.type: Input should be 'text'"
        if not isinstance(block.get("text"), str):
            return f"system.{at}.text: Field required"
        left = [name for name in block if name not in ("type", "text", "cache_control", "citations")]
        if left:
            return EXTRA.format(f"system.{at}.{left[0]}")
        if not block["text"].strip():
            return "system: text content blocks must be non-empty"
    return None


def _result_contents(request: Request) -> str | None:
    for block in request.blocks():
        if block.kind != "tool_result":
            continue
        for path, inner in _inside(block):
            if mapping(inner).get("type") not in RESULT_KINDS:
                tags = ", ".join(f"'{each}'" for each in RESULT_KINDS)
                kind = mapping(inner).get("type")
                return f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {tags}"
    return None


def _inside(block: Block) -> Iterator[tuple[str, Any]]:
    content = block.raw.get("content")
    for index, inner in enumerate(content if isinstance(content, list) else blocks(content)):
        yield f"{block.path}.tool_result.content.{index}", inner


OBJECT, TEXT, LIST, TEXT_OR_LIST = (dict,), (str,), (list,), (str, list)
NAMES: dict[tuple[type, ...], str] = {OBJECT: "dictionary", TEXT: "string", LIST: "list", TEXT_OR_LIST: "list"}

# Members of each kind of block; those with a kind of their own are required.
MEMBERS: dict[str, dict[str, tuple[type, ...] | None]] = {
    "text": {"text": TEXT, "cache_control": None, "citations": None},
    "image": {"source": OBJECT, "cache_control": None},
    "document": {"source": OBJECT, "cache_control": None, "citations": None, "context": None, "title": None},
    "search_result": {"content": LIST, "source": TEXT, "title": TEXT, "cache_control": None, "citations": None},
    "thinking": {"thinking": TEXT, "signature": TEXT},
    "redacted_thinking": {"data": TEXT},
    "tool_use": {"id": TEXT, "name": TEXT, "input": OBJECT, "cache_control": None, "caller": None, "toolset_name": None},
    "tool_result": {"tool_use_id": TEXT, "content": None, "is_error": None, "cache_control": None, "toolset_name": None},
    "server_tool_use": {"id": TEXT, "name": TEXT, "input": OBJECT, "cache_control": None, "caller": None},
    "web_search_tool_result": {"tool_use_id": TEXT, "content": None, "cache_control": None, "caller": None},
    "web_fetch_tool_result": {"tool_use_id": TEXT, "content": None, "cache_control": None, "caller": None},
    "code_execution_tool_result": {"tool_use_id": TEXT, "content": None, "cache_control": None},
    "bash_code_execution_tool_result": {"tool_use_id": TEXT, "content": None, "cache_control": None},
    "text_editor_code_execution_tool_result": {"tool_use_id": TEXT, "content": None, "cache_control": None},
    "tool_search_tool_result": {"tool_use_id": TEXT, "content": None, "cache_control": None},
    "container_upload": {"file_id": TEXT, "cache_control": None},
    "tool_reference": {"tool_name": TEXT, "cache_control": None},
}
SERVER_RESULTS = frozenset(kind for kind in MEMBERS if kind.endswith("_tool_result"))
RESULT_KINDS = ("text", "image", "document", "search_result", "tool_reference")
ROLES: dict[str, frozenset[str]] = {
    "user": frozenset({"text", "image", "document", "search_result", "tool_result", "container_upload"}),
    "assistant": frozenset({"text", "thinking", "redacted_thinking", "tool_use", "server_tool_use", "document"}) | SERVER_RESULTS,
    "system": frozenset({"text"}),
}
