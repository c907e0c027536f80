"""Rules about what else may be asked for: sampling, output format, limits."""

from tests.simulators.openai.problem import Problem, missing, wrong_value
from tests.simulators.openai.request import Request, mapping
from tests.simulators.openai.tools import NAME, strict_fault


def reasoning_models(request: Request) -> Problem | None:
    """Their sampling is fixed, and their limit has a name of its own."""
    model = request.model
    if model is None or not model.fixed:
        return None
    if request.raw.get("max_tokens") is not None:
        words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        return Problem(words, "max_tokens", "unsupported_parameter")
    for name, default in DEFAULTS.items():
        value = request.raw.get(name)
        if value is not None and value != default:
            words = (
                f"Unsupported value: '{name}' does not support {value} with this model. Only the default ({default}) value is supported."
            )
            return Problem(words, name, "unsupported_value")
    for name in ("stop", "logprobs", "top_logprobs", "logit_bias"):
        if request.raw.get(name):
            return Problem(f"Unsupported parameter: '{name}' is not supported with this model.", name, "unsupported_parameter")
    return None


def effort(request: Request) -> Problem | None:
    wish = request.raw.get("reasoning_effort")
    if wish is None:
        return None
    if request.vendor.name == "openai" and request.model and request.model.thinks == "never":
        words = "Unrecognized request argument supplied: reasoning_effort"
        return Problem(words, "reasoning_effort", "unsupported_parameter")
    allowed = EFFORTS[request.vendor.name]
    if request.vendor.name == "kimi" and request.raw["model"] != "kimi-k3":
        return None
    return None if wish in allowed else wrong_value("reasoning_effort", wish, allowed)


def response_format(request: Request) -> Problem | None:
    wanted = mapping(request.raw.get("response_format"))
    if not wanted:
        return None
    kind = wanted.get("type")
    if kind not in FORMATS:
        return wrong_value("response_format.type", kind, FORMATS)
    if kind == "json_object" and request.vendor.name in ("openai", "deepseek") and "json" not in str(request.messages).lower():
        words = "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
        return Problem(words, "messages")
    return _json_schema(request) if kind == "json_schema" else None


def no_json_schema(request: Request) -> Problem | None:
    if mapping(request.raw.get("response_format")).get("type") == "json_schema":
        return Problem("This response_format type is unavailable now")
    return None


def stream_options(request: Request) -> Problem | None:
    wish = request.raw.get("stream_options")
    if wish is not None and not request.raw.get("stream"):
        return Problem("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    return None


def output_limit(request: Request) -> Problem | None:
    model = request.model
    for name in ("max_completion_tokens", "max_tokens"):
        value = request.raw.get(name)
        if value is None or model is None:
            continue
        if value > model.output:
            return Problem(OUTPUT.format(name, value, model.output), name, "invalid_value")
    return None


def size(request: Request) -> Problem | None:
    """The prompt, and for servers that reserve it the wished output, fit the window."""
    model = request.model
    if model is None:
        return None
    output = (request.raw.get("max_tokens") or 0) if request.vendor.name == "vllm" else 0
    if request.tokens + output <= model.window:
        return None
    words = TOO_LONG[request.vendor.name].format(window=model.window, tokens=request.tokens, output=output, total=request.tokens + output)
    return Problem(words, "messages", "context_length_exceeded")


def _json_schema(request: Request) -> Problem | None:
    wanted = request.raw["response_format"].get("json_schema")
    if not isinstance(wanted, dict):
        return missing("response_format.json_schema")
    name = wanted.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > 64:
        return missing("response_format.json_schema.name") if name is None else wrong_value("response_format.json_schema.name", name, ())
    schema = wanted.get("schema")
    if not isinstance(schema, dict):
        return missing("response_format.json_schema.schema")
    if request.vendor.name != "openai":
        return None
    kind = schema.get("type")
    found = strict_fault(schema) if wanted.get("strict") else None
    if kind != "object":
        found = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    return Problem(f"Invalid schema for response_format '{name}': {found}", "response_format") if found else None


DEFAULTS: dict[str, float] = {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "n": 1}
EFFORTS: dict[str, tuple[str, ...]] = {
    "openai": ("none", "minimal", "low", "medium", "high", "xhigh", "max"),
    "kimi": ("low", "high", "max"),
}
FORMATS = ("text", "json_object", "json_schema")
OUTPUT = "{0} is too large: {1}. This model supports at most {2} completion tokens, whereas you provided {1}."
TOO_LONG: dict[str, str] = {
    "openai": "This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. "
    "Please reduce the length of the messages.",
    "kimi": "Invalid request: Your request exceeded model token limit: {window} (requested: {tokens})",
    "deepseek": "This model's maximum context length is {window} tokens. However, you requested {tokens} tokens. "
    "Please reduce the length of the messages or completion.",
    "vllm": "This model's maximum context length is {window} tokens. However, you requested {total} tokens ({tokens} in the messages, "
    "{output} in the completion). Please reduce the length of the messages or completion.",
}
