"""Which conversation a request belongs to, for clients that do not say.

The same account and the same conversation id keep the provider's prompt cache warm, and earlier
reasoning can only be sent to the account that signed it. Clients send the whole conversation each
time, so how it begins names it well enough; two that begin alike share nothing but their place.
"""

from hashlib import blake2b

from dataplane.conversation.model import Call, Text

# How much is looked at of each end of a text: many begin with the same long preamble.
CHARACTERS = 1000


def derived(call: Call) -> str:
    """A stable name made of the user's first message; "" where it has no words.

    The system text is left out: clients put dates and versions there that change while they talk.
    """
    first = next((turn for turn in call.turns if turn.role == "user"), None)
    texts = [part.text for part in first.parts if isinstance(part, Text)] if first else []
    if not texts:
        return ""
    digest = blake2b(digest_size=12)
    for text in texts:
        digest.update(f"{len(text)}\0{text[:CHARACTERS]}{text[-CHARACTERS:]}".encode("utf-8", "surrogatepass"))
    return "begins-" + digest.hexdigest()
