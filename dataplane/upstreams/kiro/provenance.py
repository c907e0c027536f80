"""Which account and model signed a piece of reasoning (R02).

A signature is worth something only to the account and model that made it; anywhere else it spoils the
request, and every later one of the conversation. So what goes out to clients carries a tag of its
origin, and of what comes back only the own is sent on. The tag says nothing to anybody else.
"""

import base64
from functools import lru_cache
from hashlib import sha256

from dataplane.upstreams.base import Lease

VERSION = "hg1"
# Bytes of the digest; a multiple of three, so that base64 needs no padding.
DIGEST_BYTES = 9


def mark(signature: str, lease: Lease) -> str:
    """`signature`, or thinking that only the provider can read, with the tag of its origin."""
    return _prefix(lease.account_id, lease.model) + signature


def bare(marked: str, lease: Lease) -> str | None:
    """The provider's own signature, None when this account and model did not make it, or nobody can tell."""
    prefix = _prefix(lease.account_id, lease.model)
    return marked[len(prefix) :] or None if marked.startswith(prefix) else None


@lru_cache(maxsize=1024)
def _prefix(account: str, model: str) -> str:
    digest = sha256(f"{account}\0{model}".encode("utf-8", "surrogatepass")).digest()[:DIGEST_BYTES]
    return f"{VERSION}.{base64.urlsafe_b64encode(digest).decode()}."
