"""A call, and what its answer repeats of the request."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from dataplane.conversation.kept import Item
from dataplane.conversation.model import Call
from dataplane.wire.jsontext import Raw

# What an answer repeats of the settings, and what holds where the client said nothing, as JSON text. The echo
# is the client's own text: tools may be large, and nobody has to look into them.
REPEATED: Mapping[str, bytes] = {
    "instructions": b"null",
    "max_output_tokens": b"null",
    "max_tool_calls": b"null",
    "metadata": b"{}",
    "parallel_tool_calls": b"true",
    "previous_response_id": b"null",
    "prompt_cache_key": b"null",
    "reasoning": b'{"effort":null,"summary":null}',
    "safety_identifier": b"null",
    "store": b"true",
    "temperature": b"1",
    "text": b'{"format":{"type":"text"}}',
    "tool_choice": b'"auto"',
    "tools": b"[]",
    "top_p": b"1",
    "truncation": b'"disabled"',
    "user": b"null",
}


def echo(members: Mapping[str, Raw]) -> bytes:
    """The settings as members of a JSON object. They stand in one line of an event stream."""
    told = []
    for name, default in REPEATED.items():
        given = members.get(name)
        value = default if given is None else bytes(given)
        told.append(b'"%b":%b' % (name.encode(), default if value == b"null" else value))
    joined = b",".join(told)
    if b"\n" in joined or b"\r" in joined:
        return msgspec.json.format(b"{%b}" % joined, indent=-1)[1:-1]
    return joined


@dataclass(slots=True)
class Asked(Call):
    """`echo`: the settings as members of a JSON object. `previous` is the answer that the request follows, "" none.
    `given` are the input items to be kept with the answer; an id is "" where the client gave none.
    """

    echo: bytes = field(default=b"", repr=False)
    previous: str = ""
    given: list[Item] = field(default_factory=list, repr=False)
