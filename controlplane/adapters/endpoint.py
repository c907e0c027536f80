"""What endpoints that take an API key have in common: nothing to renew, and refusals that mean the same.

The endpoint's own words are read here and never passed on: they may quote the key.
"""

from collections.abc import Sequence
from typing import Any

from controlplane.adapters.http import Reply
from controlplane.adapters.members import text
from controlplane.adapters.waits import retry_after
from controlplane.domain.account import Account, Allowance, Credentials, Tokens
from controlplane.domain.errors import AccessRejected, CallForbidden, GrantRejected, ProviderError, ProviderUnavailable

NAME = "the endpoint"
UNLISTED = frozenset({404, 405, 501})
# Of a key that is good, and may do other things.
LIMITED_WORDS = ("scope", "permission", "country", "region")


class Endpoint:
    """The part of a Provider that is the same at all of them."""

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:  # noqa: ARG002 - as the port has it
        """Raises GrantRejected: another key is an administrator's to give."""
        raise GrantRejected("an API key is not renewed; give another")

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:  # noqa: ARG002 - as the port has it
        """None: there are no such things here."""
        return []

    async def allowance(self, account: Account, bearer: str) -> Allowance:  # noqa: ARG002 - as the port has it
        """Raises CallForbidden: none of these tells what is left to whoever shows a key."""
        raise CallForbidden("the endpoint does not tell what is left of an account")


def listing(reply: Reply, account: Account) -> Any:
    """The body of a model list; None where the endpoint has none and the account's record says what it offers.

    Raises ProviderError.
    """
    if reply.status in UNLISTED:
        if account.models:
            return None
        raise CallForbidden(f"the endpoint lists no models (status {reply.status}); check baseUrl, or name them in models")
    if reply.status != 200:
        raise fault(reply)
    if reply.body is None:
        raise ProviderUnavailable("the endpoint's answer is not JSON; check baseUrl")
    return reply.body


def fault(reply: Reply) -> ProviderError:
    """What a refused call means. A page from whoever stands before the endpoint is no verdict on the key."""
    status, ours = reply.status, isinstance(reply.body, dict)
    if status == 401 or (status == 403 and ours and not any(word in _words(reply.body) for word in LIMITED_WORDS)):
        return AccessRejected(f"the endpoint refuses the API key (status {status})")
    if status == 402:
        return CallForbidden("the endpoint wants to be paid first (status 402)")
    if status == 403 and ours:
        return CallForbidden("the endpoint does not let this key list models (status 403)")
    waits = retry_after(reply.headers, reply.body)
    return ProviderUnavailable(f"the endpoint {'throttled' if status == 429 else 'did not answer'} the request (status {status})", waits)


def _words(body: Any) -> str:
    """All the body says in words, lower case."""
    names = ("error", "message", "detail", "error.message", "error.code", "error.type")
    return " ".join(text(body, name) for name in names).lower()
