"""Custom tools, which take one free text, as functions with one argument, and their calls back again.

No upstream has a seat for them; to the client a call comes back as the custom call it expects.
"""

from collections.abc import Sequence

from dataplane.conversation.model import Tool
from dataplane.dialects.openai_chat import body as wire
from dataplane.dialects.openai_chat.findings import Findings
from dataplane.errors import InvalidRequest
from dataplane.wire.jsontext import DecodeError, dumps, loads

SCHEMA = b'{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}'
NOTE = "This tool takes one free text: write it whole into `input`, as it is, without further quoting."


def function(custom: wire.CustomTool, where: str, findings: Findings) -> Tool:
    """The tool as a function; what its text must look like can only be said in the description."""
    if not custom.name:
        raise InvalidRequest("A custom tool must have a name.", param=f"{where}.name")
    sentences = [custom.description or "", NOTE, rules(custom.format, f"{where}.format", findings)]
    return Tool(custom.name, "\n\n".join(each for each in sentences if each), SCHEMA, custom=True)


def rules(form: wire.CustomFormat | None, where: str, findings: Findings) -> str:
    """The grammar in words, "" for any text."""
    if form is None or form.type == "text":
        return ""
    if form.type != "grammar" or form.grammar is None:
        findings.drop(where)
        return ""
    return f"The text must match this grammar ({form.grammar.syntax or 'lark'}):\n{form.grammar.definition}"


def arguments(text: str) -> str:
    """The arguments of a call with `text`."""
    return dumps({"input": text}).decode()


def text(arguments: str) -> str:
    """The text of a call; of arguments in another form, all there is."""
    try:
        found = loads(arguments) if arguments else {}
    except DecodeError:
        return arguments
    if found == {}:
        return ""
    given = found.get("input") if isinstance(found, dict) else None
    return given if isinstance(given, str) and len(found) == 1 else arguments


def names(tools: Sequence[Tool]) -> frozenset[str]:
    """Which names stand for custom tools."""
    return frozenset([tool.name for tool in tools if tool.custom])
