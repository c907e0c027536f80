"""How the answer shall be drawn, thought about and formed."""

from msgspec import UNSET

from dataplane.conversation.features import Feature
from dataplane.conversation.model import OutputFormat, Sampling, Thinking
from dataplane.dialects.openai.effort import effort
from dataplane.dialects.openai.findings import Findings
from dataplane.dialects.openai_responses import body as wire
from dataplane.errors import InvalidRequest
from dataplane.wire.pruning import RawMember, asks, written

# What every answer holds anyway, asked for or not.
INCLUDED = frozenset({"reasoning.encrypted_content", "web_search_call.action.sources"})
# What asks for no more or less than any answer has, as JSON text.
USUAL = frozenset({b"", b"null", b'""', b'"auto"', b'"standard"', b'"none"'})
USUAL_VERBOSITY = frozenset({b"", b"null", b'""', b'"medium"'})


def sampling(body: wire.Body, findings: Findings) -> Sampling:
    drawn = Sampling(max_tokens=body.max_output_tokens, temperature=body.temperature, top_p=body.top_p)
    if drawn.max_tokens is not None:
        findings.ask(Feature.MAX_TOKENS, "max_output_tokens")
    # One is what the API draws with when nothing is said.
    if drawn.temperature is not None and drawn.temperature != 1:
        findings.ask(Feature.TEMPERATURE, "temperature")
    if drawn.top_p is not None and drawn.top_p != 1:
        findings.ask(Feature.TOP_P, "top_p")
    return drawn


def thinking(asked: wire.ReasoningConfig | None, findings: Findings) -> Thinking | None:
    """Thinking is shown in any case; some upstreams only do so when the client's wish for a summary is passed on."""
    if asked is None:
        return None
    for name in ("context", "mode"):
        if written(getattr(asked, name)) not in USUAL:
            findings.drop(f"reasoning.{name}")
    plain = effort(asked.effort or "", findings, "reasoning.effort")
    shown = wish(asked.summary) or wish(asked.generate_summary)
    if plain is not None and plain.mode == "enabled" and shown:
        plain.display = "summarized"
        findings.ask(Feature.THINKING_DISPLAY, "reasoning.summary" if wish(asked.summary) else "reasoning.generate_summary")
    return plain


def wish(summary: RawMember) -> bool:
    return asks(summary) and written(summary) != b'"none"'


def output_format(text: wire.TextConfig | None, findings: Findings) -> OutputFormat | None:
    """A schema that is left out leaves any JSON object."""
    if text is None:
        return None
    if written(text.verbosity) not in USUAL_VERBOSITY:
        findings.drop("text.verbosity")
    form = text.format
    if form is None or form.type == "text":
        return None
    if form.type == "json_object":
        findings.ask(Feature.JSON_OBJECT, "text.format")
        return OutputFormat("json_object")
    schema = b"" if form.schema is UNSET or bytes(form.schema) == b"null" else bytes(form.schema)
    if schema and not schema.startswith(b"{"):
        raise InvalidRequest("The schema of an answer must be a JSON schema object.", param="text.format.schema")
    if asks(form.description):
        findings.drop("text.format.description")
    findings.ask(Feature.JSON_SCHEMA if schema else Feature.JSON_OBJECT, "text.format")
    return OutputFormat("json_schema" if schema else "json_object", schema, form.name or "", asks(form.strict))


def leftover(body: wire.Body, findings: Findings) -> None:
    """What has no seat of that which no other part of the body goes with."""
    for index, name in enumerate(body.include or ()):
        if name not in INCLUDED:
            findings.drop(f"include[{index}]")
    if body.stream_options is not None and asks(body.stream_options.include_obfuscation):
        findings.drop("stream_options.include_obfuscation")
