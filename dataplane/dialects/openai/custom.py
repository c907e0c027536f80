"""Custom tools, which take one free text, as functions with one argument, and their calls back again.

No upstream has a seat for them; to the client a call comes back as the custom call it expects.
"""

from collections.abc import Sequence

from dataplane.conversation.model import Tool
from dataplane.wire.jsontext import DecodeError, dumps, loads

SCHEMA = b'{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}'
NOTE = "This tool takes one free text: write it whole into `input`, as it is, without further quoting."


def function(name: str, description: str, rules: str) -> Tool:
    """The tool as a function; what its text must look like, `rules`, can only be said in the description."""
    return Tool(name, "\n\n".join(each for each in (description, NOTE, rules) if each), SCHEMA, custom=True)


def grammar(syntax: str, definition: str) -> str:
    """A grammar in words."""
    return f"The text must match this grammar ({syntax or 'lark'}):\n{definition}"


def arguments(text: str) -> str:
    """The arguments of a call with `text`."""
    return dumps({"input": text}).decode()


def text(arguments: str) -> str | None:
    """The text of a call; of arguments in another form, all there is. None for half a call: half a text must not be run."""
    try:
        found = loads(arguments) if arguments else {}
    except DecodeError:
        return None
    if found == {}:
        return ""
    given = found.get("input") if isinstance(found, dict) else None
    return given if isinstance(given, str) and len(found) == 1 else arguments


def names(tools: Sequence[Tool]) -> frozenset[str]:
    """Which names stand for custom tools."""
    return frozenset([tool.name for tool in tools if tool.custom])
