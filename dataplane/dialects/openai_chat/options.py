"""How the answer shall be drawn, thought about and formed."""

from msgspec import UNSET

from dataplane.conversation.features import Feature
from dataplane.conversation.model import OutputFormat, Sampling, Thinking
from dataplane.dialects.base import check_stops
from dataplane.dialects.openai.effort import effort
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_chat import body as wire
from dataplane.errors import InvalidRequest
from dataplane.wire.pruning import asks


def sampling(body: wire.Body, findings: Findings) -> Sampling:
    """`max_completion_tokens` is the newer name; some servers take a `top_k` of 0 or -1 for none."""
    stop = [body.stop] if isinstance(body.stop, str) else body.stop or []
    check_stops(stop, "stop")
    drawn = Sampling(
        max_tokens=body.max_completion_tokens or body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k if body.top_k is not None and body.top_k > 0 else None,
        stop=[each for each in stop if each],
    )
    if drawn.max_tokens is not None:
        findings.ask(Feature.MAX_TOKENS, "max_completion_tokens" if body.max_completion_tokens else "max_tokens")
    # One is what the API draws with when nothing is said.
    if drawn.temperature is not None and drawn.temperature != 1:
        findings.ask(Feature.TEMPERATURE, "temperature")
    if drawn.top_p is not None and drawn.top_p != 1:
        findings.ask(Feature.TOP_P, "top_p")
    if drawn.top_k is not None:
        findings.ask(Feature.TOP_K, "top_k")
    if drawn.stop:
        findings.ask(Feature.STOP, "stop")
    return drawn


def thinking(body: wire.Body, findings: Findings) -> Thinking | None:
    if body.reasoning is None:
        return effort(body.reasoning_effort or "", findings, "reasoning_effort")
    asked = body.reasoning
    if asks(asked.summary):
        findings.drop("reasoning.summary")
    if asked.enabled is not None:
        findings.ask(Feature.THINKING, "reasoning.enabled")
    if asked.max_tokens is not None:
        findings.ask(Feature.THINKING_BUDGET, "reasoning.max_tokens")
    word = body.reasoning_effort or asked.effort or ""
    plain = effort(word, findings, "reasoning_effort" if body.reasoning_effort else "reasoning.effort")
    if word == "none" or asked.enabled is False or asked.max_tokens == 0:
        return Thinking("disabled", effort="none")
    if plain is None and asked.max_tokens is None and asked.enabled is None and not asked.exclude:
        return None
    return Thinking("enabled", asked.max_tokens, word, "omitted" if asked.exclude else "")


def output_format(asked: wire.ResponseFormat | None, findings: Findings) -> OutputFormat | None:
    """A schema that is left out leaves any JSON object."""
    if asked is None or asked.type == "text":
        return None
    if asked.type == "json_object":
        findings.ask(Feature.JSON_OBJECT, "response_format")
        return OutputFormat("json_object")
    form = asked.json_schema
    if form is None:
        raise InvalidRequest("A 'response_format' of type json_schema must have a 'json_schema'.", param="response_format.json_schema")
    schema = b"" if form.schema is UNSET else bytes(form.schema)
    if schema and not schema.startswith(b"{"):
        raise InvalidRequest("The schema of an answer must be a JSON schema object.", param="response_format.json_schema.schema")
    if asks(form.description):
        findings.drop("response_format.json_schema.description")
    findings.ask(Feature.JSON_SCHEMA if schema else Feature.JSON_OBJECT, "response_format")
    return OutputFormat("json_schema" if schema else "json_object", schema, form.name or "", asks(form.strict))


def include_usage(options: wire.StreamOptions | None, findings: Findings) -> bool:
    if options is None:
        return False
    if asks(options.include_obfuscation):
        findings.drop("stream_options.include_obfuscation")
    return bool(options.include_usage)
