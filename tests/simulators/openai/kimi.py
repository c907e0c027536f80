"""Rules of vendors whose models think aloud (Kimi wire notes 2; DeepSeek shares one of them)."""

from tests.simulators.openai import request as reading
from tests.simulators.openai.problem import Problem
from tests.simulators.openai.request import Request


def empty_messages(request: Request) -> Problem | None:
    for at, message in enumerate(request.messages):
        content = message.get("content")
        empty = not content or (isinstance(content, list) and not reading.text(content) and not _pictured(message))
        if empty and not message.get("tool_calls") and message["role"] in ("user", "assistant", "system"):
            return Problem(f"Invalid request: the message at position {at} with role '{message['role']}' must not be empty")
    return None


def reasoning_echoed(request: Request) -> Problem | None:
    """Every assistant turn with calls says what it thought."""
    at = _silent_call(request)
    return (
        None
        if at is None
        else Problem(f"thinking is enabled but reasoning_content is missing in assistant tool call message at index {at}")
    )


def reasoning_echoed_deepseek(request: Request) -> Problem | None:
    """The same, with the empty text allowed."""
    at = _silent_call(request, empty=True)
    if at is None:
        return None
    return Problem(
        f"Missing `reasoning_content` field in the assistant message at message index {at}. "
        "For more information, please refer to the guide on thinking mode."
    )


def no_strict(request: Request) -> Problem | None:
    for at, function in enumerate(request.functions):
        if "strict" in function:
            return Problem(f"Invalid request: tools[{at}].function.strict is not supported")
    return None


def no_sampling(request: Request) -> Problem | None:
    """The platform has fixed the sampling of its own models."""
    if request.model is None or not request.model.fixed:
        return None
    for name in SAMPLING:
        if request.raw.get(name) is not None:
            return Problem(f"invalid {name}: only the platform's value is allowed for this model")
    return None


def free_choice(request: Request) -> Problem | None:
    """A model that thinks is not told which tool to call; kimi-k3 may be told to call one."""
    wish = request.raw.get("tool_choice")
    free = (None, "auto", "none", "required") if request.raw["model"] == "kimi-k3" else (None, "auto", "none")
    if request.thinking and wish not in free:
        word = wish if isinstance(wish, str) else "specified"
        return Problem(f"tool_choice '{word}' is incompatible with thinking enabled")
    return None


def thinking_switch(request: Request) -> Problem | None:
    """`thinking` exists where thinking can be switched, and is told in one way only."""
    wish = request.raw.get("thinking")
    if wish is None:
        return None
    if request.raw.get("reasoning_effort") is not None:
        return Problem("cannot specify both 'thinking' and 'reasoning_effort'")
    always = request.model is not None and request.model.thinks == "always"
    if request.raw["model"] == "kimi-k3" or (always and reading.mapping(wish).get("type") != "enabled"):
        return Problem("invalid thinking: this model always thinks")
    return None


def _silent_call(request: Request, *, empty: bool = False) -> int | None:
    if not request.thinking:
        return None
    for at, message in enumerate(request.messages):
        if message["role"] != "assistant" or not reading.calls(message):
            continue
        thought = message.get("reasoning_content")
        if not isinstance(thought, str) or not (thought or empty):
            return at
    return None


def _pictured(message: dict[str, object]) -> bool:
    return any(part.get("type") != "text" for part in reading.objects(message.get("content")))


SAMPLING = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "n", "logprobs", "top_logprobs")
