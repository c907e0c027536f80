"""The strict checker: a body in, None or the vendor's refusal out.

Each row says which check finds the fault and which vendors make it; the first broken rule answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.simulators.openai import conversation, envelope, kimi, options, tools
from tests.simulators.openai.problem import Problem
from tests.simulators.openai.request import Request
from tests.simulators.openai.wordings import error
from tests.simulators.serving.state import Rejection

Check = Callable[[Request], Problem | None]


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    check: Check
    vendors: frozenset[str]


def judge(request: Request | None, headers: Mapping[str, str]) -> Rejection | None:
    """Judge a body; None stands for one that is no JSON object."""
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return Rejection("content-type", 400, {"error": {"message": UNTYPED, "type": "invalid_request_error"}}, "content-type")
    if request is None:
        return Rejection("json", 400, {"error": {"message": NOT_JSON, "type": "invalid_request_error"}}, "no JSON object")
    for rule in RULES:
        found = rule.check(request) if request.vendor.name in rule.vendors else None
        if found is not None:
            body = error(request.vendor, found.message, found.kind, param=found.param, code=found.code, status=found.status)
            return Rejection(rule.id, found.status, body, f"{found.param}: {found.message}" if found.param else found.message)
    return None


UNTYPED = "Unsupported content type: this API method only accepts 'application/json' requests."
NOT_JSON = "We could not parse the JSON body of your request."

ALL = frozenset({"openai", "kimi", "deepseek", "vllm", "ollama"})
OPENAI = frozenset({"openai"})
KIMI = frozenset({"kimi"})
DEEPSEEK = frozenset({"deepseek"})
HOSTED = frozenset({"openai", "kimi", "deepseek"})
SERVED = ALL - {"ollama"}

RULES: tuple[Rule, ...] = (
    # The envelope.
    Rule("model", envelope.model_named, ALL),
    Rule("messages", envelope.messages_present, ALL),
    Rule("members", envelope.members, OPENAI),
    Rule("types", envelope.types, SERVED),
    Rule("ranges", envelope.ranges, HOSTED),
    Rule("model", envelope.model_known, ALL),
    # The conversation.
    Rule("roles", conversation.roles, ALL),
    Rule("roles", conversation.no_developer, DEEPSEEK),
    Rule("message-members", conversation.members, OPENAI),
    Rule("content", conversation.contents, ALL),
    Rule("parts", conversation.parts, SERVED),
    Rule("parts", conversation.text_only, DEEPSEEK),
    Rule("images", conversation.images, ALL),
    Rule("calls", conversation.calls, ALL),
    Rule("pairing", conversation.orphans, HOSTED),
    Rule("pairing", conversation.unanswered, HOSTED),
    Rule("empty", kimi.empty_messages, KIMI),
    Rule("reasoning", kimi.reasoning_echoed, KIMI),
    Rule("reasoning", kimi.reasoning_echoed_deepseek, DEEPSEEK),
    # Tools.
    Rule("tools", tools.shape, SERVED),
    Rule("tool-count", tools.count, HOSTED),
    Rule("tool-names", tools.names, SERVED),
    Rule("tool-names", tools.unique, HOSTED),
    Rule("tool-schema", tools.schemas, SERVED),
    Rule("strict", kimi.no_strict, KIMI),
    Rule("strict", tools.strict_schemas, OPENAI),
    Rule("tool-choice", tools.choice, SERVED),
    Rule("tool-choice", kimi.free_choice, KIMI),
    # What else may be asked for.
    Rule("sampling", kimi.no_sampling, KIMI),
    Rule("sampling", options.reasoning_models, OPENAI),
    Rule("effort", options.effort, OPENAI | KIMI),
    Rule("thinking", kimi.thinking_switch, KIMI),
    Rule("format", options.response_format, SERVED),
    Rule("format", options.no_json_schema, DEEPSEEK),
    Rule("stream", options.stream_options, OPENAI),
    Rule("output", options.output_limit, SERVED),
    Rule("size", options.size, SERVED),
)
