"""Which conversation a request belongs to, for clients that do not say.

The same account and the same conversation id keep the provider's prompt cache warm, and earlier
reasoning can only be sent to the account that signed it. Clients send the whole conversation each
time, so how it begins names it well enough; two that begin alike share nothing but their place.
"""

from zlib import crc32

from dataplane.conversation.model import Call, Text, Turn

# How much is looked at of each end of a text: many begin with the same long preamble.
CHARACTERS = 1000


def derived(call: Call) -> str:
    """A stable name made of the user's first message; "" where it has no words.

    The system text is left out: clients put dates and versions there that change while they talk.
    """
    for turn in call.turns:
        if turn.role == "user":
            return _named(turn)
    return ""


def _named(turn: Turn) -> str:
    """Checksums are cheap, and all that two conversations of one name would share is their place."""
    size = begins = ends = 0
    for part in turn.parts:
        if type(part) is Text:
            text = part.text
            size += len(text)
            begins = crc32(text[:CHARACTERS].encode("utf-8", "surrogatepass"), begins)
            ends = crc32(text[-CHARACTERS:].encode("utf-8", "surrogatepass"), ends)
    return f"begins-{begins:08x}{ends:08x}-{size}" if size else ""
