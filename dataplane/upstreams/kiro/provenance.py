"""Which account and model signed a piece of reasoning (R02): a signature is worth something to these only."""

from dataplane.upstreams import provenance
from dataplane.upstreams.base import Lease


def mark(signature: str, lease: Lease) -> str:
    """`signature`, or thinking that only the provider can read, with the tag of its origin."""
    return provenance.mark(signature, lease.account_id, lease.model)


def bare(marked: str, lease: Lease) -> str | None:
    """The provider's own signature, None when this account and model did not make it, or nobody can tell."""
    return provenance.bare(marked, lease.account_id, lease.model)
