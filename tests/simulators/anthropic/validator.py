"""The strict checker: a request in, None or the API's refusal out.

Each row says which check finds the fault; the first broken rule answers. A check gives the API's own words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.simulators.anthropic import cachemarks, content, envelope, media, pairing, thinking, tools
from tests.simulators.anthropic.request import NEW, OLD, Request
from tests.simulators.anthropic.wordings import TYPES, error
from tests.simulators.serving.state import Rejection

Check = Callable[[Request], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """`counted`: enforced for count_tokens as well."""

    id: str
    check: Check
    status: int = 400
    counted: bool = True


def judge(request: Request, headers: Mapping[str, str]) -> Rejection | None:
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _reject("content-type", 400, "Content-Type: application/json is required")
    if request.version not in (OLD, NEW):
        known = f'"{request.version}" is not a valid version' if request.version else "header is required"
        return _reject("version", 400, f"anthropic-version: {known}")
    for rule in RULES:
        found = rule.check(request) if rule.counted or not request.counting else None
        if found is not None:
            return _reject(rule.id, rule.status, found)
    return None


def _reject(rule: str, status: int, message: str) -> Rejection:
    return Rejection(rule, status, error(TYPES[status], message), message)


RULES: tuple[Rule, ...] = (
    # The envelope.
    Rule("body-size", envelope.body_size, 413),
    Rule("members", envelope.members),
    Rule("required", envelope.required),
    Rule("types", envelope.types),
    Rule("model", envelope.model, 404),
    Rule("max-tokens", envelope.max_tokens, counted=False),
    Rule("ranges", envelope.ranges, counted=False),
    Rule("sampling", envelope.sampling, counted=False),
    Rule("stops", envelope.stops, counted=False),
    Rule("metadata", envelope.metadata, counted=False),
    Rule("output", envelope.output_config),
    Rule("output", envelope.output_schema),
    # Turns and blocks.
    Rule("roles", content.roles),
    Rule("system-turns", content.system_turns),
    Rule("first-user", content.first_user),
    Rule("empty", content.nonempty_messages),
    Rule("blocks", content.kinds),
    Rule("blocks", content.places),
    Rule("block-members", content.members),
    Rule("block-types", content.types),
    Rule("text", content.texts),
    Rule("prefill", content.prefill, counted=False),
    Rule("system", content.system),
    # Tool traffic.
    Rule("use-ids", pairing.use_ids),
    Rule("use-names", pairing.use_names),
    Rule("results", pairing.result_contents),
    Rule("pairing", pairing.unasked),
    Rule("pairing", pairing.repeated),
    Rule("pairing", pairing.unanswered),
    Rule("pairing", pairing.server_calls),
    Rule("is-error", pairing.error_texts),
    # Media.
    Rule("media", media.sources),
    Rule("media", media.images),
    Rule("media", media.documents),
    Rule("media", media.count),
    # Tools.
    Rule("tools", tools.kinds),
    Rule("tools", tools.members),
    Rule("tools", tools.names),
    Rule("tools", tools.unique),
    Rule("tools", tools.schemas),
    Rule("tools", tools.deferred),
    Rule("tool-choice", tools.choice),
    # Thinking.
    Rule("thinking", thinking.config),
    Rule("thinking", thinking.supported),
    Rule("thinking", thinking.budget, counted=False),
    Rule("thinking", thinking.companions),
    Rule("signature", thinking.signatures),
    Rule("signature", thinking.findings),
    Rule("thinking-first", thinking.first),
    # Caching and size.
    Rule("cache", cachemarks.shape),
    Rule("cache", cachemarks.count),
    Rule("cache", cachemarks.order),
    Rule("size", envelope.prompt_size, counted=False),
)
