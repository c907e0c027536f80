"""Rules about the top of the body."""

from typing import Any

from tests.simulators.anthropic.caching import count, render
from tests.simulators.anthropic.request import NEW, Request, mapping

EXTRA = "{}: Extra inputs are not permitted"
MAX_BYTES = 32 * 1024 * 1024


def body_size(request: Request) -> str | None:
    return "Request exceeds the maximum size" if request.length > MAX_BYTES else None


def members(request: Request) -> str | None:
    for name in request.raw:
        if name in BETAS and request.beta(BETAS[name]):
            continue
        if name not in (COUNTED if request.counting else MEMBERS) or (name in SAMPLING and request.version == NEW):
            return EXTRA.format(name)
    return None


def required(request: Request) -> str | None:
    for name in ("model", "messages") if request.counting else ("model", "max_tokens", "messages"):
        if name not in request.raw:
            return f"{name}: Field required"
    return None


def types(request: Request) -> str | None:
    for name, value in request.raw.items():
        kind, words = MEMBERS.get(name, (object, ""))
        if value is None and name in NULLABLE:
            continue
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool and kind is not object):
            return f"{name}: {words}"
    return None


def model(request: Request) -> str | None:
    return None if request.model else f"model: {request.raw['model']}"


def max_tokens(request: Request) -> str | None:
    """Zero fills the cache and answers nothing."""
    wanted, known = request.raw["max_tokens"], request.model
    if wanted < 0:
        return "max_tokens: Input should be greater than or equal to 0"
    if known and wanted > known.output:
        return f"max_tokens: {wanted} > {known.output}, which is the maximum allowed number of output tokens for {known.id}"
    return None


def ranges(request: Request) -> str | None:
    for name in ("temperature", "top_p"):
        value = request.raw.get(name)
        if value is not None and not 0 <= value <= 1:
            return f"{name}: Input should be {'greater than or equal to 0' if value < 0 else 'less than or equal to 1'}"
    if (request.raw.get("top_k") or 0) < 0:
        return "top_k: Input should be greater than or equal to 0"
    return None


def sampling(request: Request) -> str | None:
    """The newer models have no sampling to set; those before them take temperature or top_p."""
    known = request.model
    given = [name for name in SAMPLING if request.raw.get(name) is not None]
    if known and not known.sampling and any(request.raw[name] != 1 for name in given):
        return f"`{given[0]}` is deprecated for this model."
    if "temperature" in given and "top_p" in given:
        return "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    return None


def stops(request: Request) -> str | None:
    for stop in request.raw.get("stop_sequences") or ():
        if not isinstance(stop, str):
            return "stop_sequences.0: Input should be a valid string"
        if not stop.strip():
            return "stop_sequences: each stop sequence must contain non-whitespace"
    return None


def metadata(request: Request) -> str | None:
    given = mapping(request.raw.get("metadata"))
    for name, value in given.items():
        if name != "user_id":
            return EXTRA.format(f"metadata.{name}")
        if value is not None and not isinstance(value, str):
            return "metadata.user_id: Input should be a valid string"
    return None


def output_config(request: Request) -> str | None:
    given = mapping(request.raw.get("output_config"))
    for name in given:
        if name not in ("effort", "format", "task_budget"):
            return EXTRA.format(f"output_config.{name}")
    effort = given.get("effort")
    if effort is None:
        return None
    if effort not in EFFORTS:
        return f"output_config.effort: Input should be {', '.join(repr(each) for each in EFFORTS)}"
    return None if request.model and request.model.adaptive else "This model does not support the effort parameter."


def output_schema(request: Request) -> str | None:
    given = mapping(request.raw.get("output_config")).get("format", request.raw.get("output_format"))
    if given is None:
        return None
    if mapping(given).get("type") != "json_schema":
        return "output_config.format.type: Input should be 'json_schema'"
    schema = mapping(given).get("schema")
    if not isinstance(schema, dict):
        return "output_config.format.schema: Field required"
    found = _open_object(schema)
    return f"output_config.format.schema: {found}" if found else None


def prompt_size(request: Request) -> str | None:
    known = request.model
    tokens = count(render(request.raw))
    return f"prompt is too long: {tokens} tokens > {known.window} maximum" if known and tokens > known.window else None


def _open_object(schema: Any) -> str | None:
    """Every object of a format is closed, and what cannot be followed is not said."""
    if isinstance(schema, list):
        return next((found for each in schema if (found := _open_object(each))), None)
    if not isinstance(schema, dict):
        return None
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return "For 'object' type, 'additionalProperties' must be explicitly set to false"
    for word in UNSUPPORTED:
        if word in schema and not isinstance(schema[word], dict):
            return f"For '{schema.get('type')}' type, property '{word}' is not supported"
    return next((found for each in schema.values() if (found := _open_object(each))), None)


EFFORTS = ("low", "medium", "high", "xhigh", "max")
UNSUPPORTED = ("minimum", "maximum", "multipleOf", "minLength", "maxLength", "maxItems", "uniqueItems")
SAMPLING = ("temperature", "top_p", "top_k")
NULLABLE = frozenset(
    {
        "cache_control",
        "container",
        "diagnostics",
        "inference_geo",
        "speed",
        "context_management",
        "metadata",
        "output_config",
        "stop_sequences",
    }
)
WORDS, WHOLE = "Input should be a valid string", "Input should be a valid integer"
NUMBER, LIST, OBJECT = "Input should be a valid number", "Input should be a valid list", "Input should be an object"
FLAG = "Input should be a valid boolean"

# The members of a request, with their kinds. The first three are gone in version 2026-10-21.
MEMBERS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "temperature": ((int, float), NUMBER),
    "top_p": ((int, float), NUMBER),
    "top_k": (int, WHOLE),
    "cache_control": (dict, OBJECT),
    "container": ((str, dict), WORDS),
    "diagnostics": (dict, OBJECT),
    "inference_geo": (str, WORDS),
    "max_tokens": (int, WHOLE),
    "messages": (list, LIST),
    "metadata": (dict, OBJECT),
    "model": (str, WORDS),
    "output_config": (dict, OBJECT),
    "service_tier": (str, WORDS),
    "speed": (str, WORDS),
    "stop_sequences": (list, LIST),
    "stream": (bool, FLAG),
    "system": ((str, list), LIST),
    "thinking": (dict, OBJECT),
    "tool_choice": (dict, OBJECT),
    "tools": (list, LIST),
}
COUNTED = frozenset({"cache_control", "messages", "model", "output_config", "speed", "system", "thinking", "tool_choice", "tools"})
# Members that exist only under a beta, by how its name begins.
BETAS = {"context_management": "context-management-", "mcp_servers": "mcp-client-", "output_format": "structured-outputs-"}
