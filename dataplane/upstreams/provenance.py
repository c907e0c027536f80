"""Who signed a piece of reasoning.

A signature is worth something only to whoever made it; anywhere else it spoils the request, and every
later one of the conversation. So what goes out to clients carries a tag of its origin, and of what comes
back only the own is sent on. The tag says nothing to anybody else. What an origin is, each upstream knows:
an account and a model, or a service with all its accounts.
"""

import base64
from functools import lru_cache
from hashlib import sha256

VERSION = "hg1"
# Bytes of the digest; a multiple of three, so that base64 needs no padding.
DIGEST_BYTES = 9


def mark(signature: str, *origin: str) -> str:
    """`signature`, or thinking that only the provider can read, with the tag of its origin."""
    return prefix(*origin) + signature


def bare(marked: str, *origin: str) -> str | None:
    """The provider's own signature, None when this origin did not make it, or nobody can tell."""
    tag = prefix(*origin)
    return marked[len(tag) :] or None if marked.startswith(tag) else None


@lru_cache(maxsize=1024)
def prefix(*origin: str) -> str:
    """The tag that signatures of `origin` begin with."""
    digest = sha256("\0".join(origin).encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES]
    return f"{VERSION}.{base64.urlsafe_b64encode(digest).decode()}."
