"""Thinking as `encrypted_content`, there and back.

Providers take their thinking back only with its proof, and only unchanged. The proof travels in
`encrypted_content`; the text stands in the item's summary, and a checksum tells whether it is still
the text that was signed. What another gateway or provider has encrypted nobody here can read.
"""

from zlib import crc32

from dataplane.conversation.model import Reasoning

# What follows: a checksum and the signature, or the block that only the provider can read.
SIGNED, REDACTED = "hg1.signed.", "hg1.redacted."


def seal(thought: Reasoning) -> str | None:
    """What proves `thought`; None for thinking without proof."""
    if thought.redacted is not None:
        return REDACTED + thought.redacted
    if thought.signature is not None:
        return f"{SIGNED}{checksum(thought.text)}.{thought.signature}"
    return None


def unseal(text: str, sealed: str) -> Reasoning | None:
    """The thought of `text` as it was sealed; None when `sealed` is not ours or proves another text."""
    if sealed.startswith(REDACTED):
        return Reasoning(redacted=sealed[len(REDACTED) :])
    proof, dot, signature = sealed.removeprefix(SIGNED).partition(".")
    if sealed.startswith(SIGNED) and dot and proof == checksum(text):
        return Reasoning(text, signature)
    return None


def checksum(text: str) -> str:
    """Guards against clients that shorten what they keep, not against forgery: the provider checks its signature itself."""
    return f"{crc32(text.encode('utf-8', 'surrogatepass')):08x}{len(text):x}"
