"""Rules about the top of the body: which members there are, of what kind, within which bounds."""

from typing import Any

from tests.simulators.openai.problem import Problem, missing, unknown, wrong_type
from tests.simulators.openai.request import Request


def model_named(request: Request) -> Problem | None:
    model = request.raw.get("model")
    if isinstance(model, str) and model:
        return None
    return Problem("you must provide a model parameter") if model in (None, "") else wrong_type("model", "a string", model)


def model_known(request: Request) -> Problem | None:
    name = request.raw["model"]
    if request.model:
        return None
    words, kind = UNKNOWN_MODEL[request.vendor.name]
    return Problem(words.format(name), "model", "model_not_found", 400 if request.vendor.name == "deepseek" else 404, kind)


def messages_present(request: Request) -> Problem | None:
    found = request.raw.get("messages")
    if found is None:
        return missing("messages")
    if not isinstance(found, list):
        return wrong_type("messages", "an array of objects", found)
    if not found:
        return Problem(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            "messages",
            "empty_array",
        )
    for at, message in enumerate(found):
        if not isinstance(message, dict):
            return wrong_type(f"messages[{at}]", "an object", message)
    return None


def members(request: Request) -> Problem | None:
    for name in request.raw:
        if name not in MEMBERS:
            return unknown(name)
    return None


def types(request: Request) -> Problem | None:
    for name, value in request.raw.items():
        kinds = MEMBERS.get(name, ())
        if kinds and value is not None and not _is(value, kinds):
            return wrong_type(name, _expected(kinds), value)
        if value is None and name in NEVER_NULL:
            return wrong_type(name, _expected(kinds), value)
    return None


def ranges(request: Request) -> Problem | None:
    for name, (low, high) in RANGES.items():
        value = request.raw.get(name)
        if value is None or low <= value <= high:
            continue
        below = value < low
        bound, word, code = (low, ">=", "below_min") if below else (high, "<=", "above_max")
        kind = "integer" if isinstance(value, int) else "decimal"
        message = f"Invalid '{name}': {kind} {'below minimum' if below else 'above maximum'} value. Expected a value {word} {bound}, but got {value} instead."
        return Problem(message, name, f"{kind}_{code}_value")
    stops, most = request.raw.get("stop"), MAX_STOPS[request.vendor.name]
    if isinstance(stops, list) and len(stops) > most:
        return Problem(
            f"Invalid 'stop': array too long. Expected an array with maximum length {most}, but got an array with length {len(stops)} instead.",
            "stop",
            "array_above_max_length",
        )
    return None


def _is(value: Any, kinds: tuple[type, ...]) -> bool:
    # A boolean is an integer to Python, but not in JSON.
    return bool in kinds if isinstance(value, bool) else isinstance(value, kinds)


def _expected(kinds: tuple[type, ...]) -> str:
    return EXPECTED[kinds]


MAX_STOPS = {"openai": 4, "kimi": 5, "deepseek": 16}
TEXT, FLAG, WHOLE, NUMBER, LIST, OBJECT = (str,), (bool,), (int,), (int, float), (list,), (dict,)
WORD_OR_LIST, WORD_OR_OBJECT = (str, list), (str, dict)
EXPECTED: dict[tuple[type, ...], str] = {
    TEXT: "a string",
    FLAG: "a boolean",
    WHOLE: "an integer",
    NUMBER: "a decimal",
    LIST: "an array of objects",
    OBJECT: "an object",
    WORD_OR_LIST: "one of a string or array of strings",
    WORD_OR_OBJECT: "one of a string or object",
}
NEVER_NULL = frozenset({"tools", "tool_choice", "response_format", "parallel_tool_calls"})

# The members of OpenAI's chat completions, with their kinds.
MEMBERS: dict[str, tuple[type, ...]] = {
    "audio": OBJECT,
    "frequency_penalty": NUMBER,
    "function_call": WORD_OR_OBJECT,
    "functions": LIST,
    "logit_bias": OBJECT,
    "logprobs": FLAG,
    "max_completion_tokens": WHOLE,
    "max_tokens": WHOLE,
    "messages": LIST,
    "metadata": OBJECT,
    "modalities": LIST,
    "model": TEXT,
    "moderation": OBJECT,
    "n": WHOLE,
    "parallel_tool_calls": FLAG,
    "prediction": OBJECT,
    "presence_penalty": NUMBER,
    "prompt_cache_key": TEXT,
    "prompt_cache_options": OBJECT,
    "prompt_cache_retention": TEXT,
    "reasoning_effort": TEXT,
    "response_format": OBJECT,
    "safety_identifier": TEXT,
    "seed": WHOLE,
    "service_tier": TEXT,
    "stop": WORD_OR_LIST,
    "store": FLAG,
    "stream": FLAG,
    "stream_options": OBJECT,
    "temperature": NUMBER,
    "tool_choice": WORD_OR_OBJECT,
    "tools": LIST,
    "top_logprobs": WHOLE,
    "top_p": NUMBER,
    "user": TEXT,
    "verbosity": TEXT,
    "web_search_options": OBJECT,
}
RANGES: dict[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
    "n": (1, 128),
    "top_logprobs": (0, 20),
    "max_tokens": (1, 1 << 31),
    "max_completion_tokens": (1, 1 << 31),
}
UNKNOWN_MODEL: dict[str, tuple[str, str]] = {
    "openai": ("The model `{}` does not exist or you do not have access to it.", "invalid_request_error"),
    "kimi": ("Not found the model {} or Permission denied", "resource_not_found_error"),
    "deepseek": ("Model Not Exist", "invalid_request_error"),
    "vllm": ("The model `{}` does not exist.", "NotFoundError"),
    "ollama": ('model "{}" not found, try pulling it first', "not_found_error"),
}
