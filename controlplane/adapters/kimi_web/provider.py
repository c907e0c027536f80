"""The fetching of nonces. The Provider of a kind that has no sign-in: the nonce takes the place of an access token."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import httpx

from controlplane.adapters.http import LONGEST_SECONDS, MALFORMED, Source
from controlplane.adapters.kimi_web import faults, page
from controlplane.domain.account import Account, Allowance, Credentials, Tokens
from controlplane.domain.errors import CallForbidden, ProviderUnavailable
from controlplane.domain.model import ModelFacts
from controlplane.policy import wellknown
from controlplane.service import metrics

# WordPress takes a nonce for 12 to 24 hours; it is fetched again long before.
NONCE_SECONDS = 6 * 3600
# The page is some 100 kB.
MOST_BYTES = 4 * 1024 * 1024
PAGE_PATH = "/chat/"
# The attribute of leases that names the address to which messages go; without it they go to the usual one.
AJAX_URL = "ajax_url"


class Shown(NamedTuple):
    """What came of a visit."""

    status: int
    headers: httpx.Headers
    text: str


class KimiWeb:
    """The Provider of kind "kimi-web". `base_url`: where the site is unless an account says otherwise."""

    def __init__(self, clients: Source, base_url: str) -> None:
        self._clients = clients
        self._base_url = base_url

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:  # noqa: ARG002 - nothing is traded for a nonce
        """A nonce out of the page, often the same as before: the site makes a new one every 12 hours. Raises
        ProviderUnavailable only, as whatever went wrong may pass.
        """
        base = (account.base_url or self._base_url).rstrip("/")
        shown = await self._visit(account, base + PAGE_PATH)
        found = page.read(shown.text, base + PAGE_PATH) if shown.status == 200 else None
        if found is None:
            result, error = faults.missing(shown.status, shown.headers, shown.text)
            metrics.NONCES.labels(result).inc()
            raise error
        metrics.NONCES.labels("nonce").inc()
        return Tokens(found.nonce, NONCE_SECONDS, attributes={AJAX_URL: found.ajax_url})

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:  # noqa: ARG002 - there are none
        """None: profiles are Kiro's."""
        return []

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:  # noqa: ARG002 - the same for everybody
        """Those that the page offers; it has no list to be asked for."""
        return wellknown.MODELS["kimi-web"]

    async def allowance(self, account: Account, bearer: str) -> Allowance:  # noqa: ARG002 - there is none
        """Raises CallForbidden: the site counts nothing that could be asked for."""
        raise CallForbidden("a kimi-web account has no allowance")

    async def _visit(self, account: Account, url: str) -> Shown:
        """Raises ProviderUnavailable. The library's error is not chained: it may name a proxy with its password."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                return await self._open(account, url)
        except (httpx.TimeoutException, TimeoutError):
            fault = "the Kimi page did not come in time"
        except httpx.ProxyError:
            fault = "the account's proxy would not connect to the Kimi page; check its address, user and password"
        except (httpx.HTTPError, *MALFORMED) as error:
            fault = f"the Kimi page could not be reached ({type(error).__name__})"
        metrics.NONCES.labels("unreachable").inc()
        raise ProviderUnavailable(fault)

    async def _open(self, account: Account, url: str) -> Shown:
        """The page, cut where it is longer than any page is. Redirects are not followed: they lead to other pages."""
        client = self._clients.for_account(account)
        async with client.stream("GET", url, headers=HEADERS, follow_redirects=False) as reply:
            body = bytearray()
            async for piece in reply.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    break
            return Shown(reply.status_code, reply.headers, bytes(body[:MOST_BYTES]).decode("utf-8", "replace"))


# As a browser asks for a page that it shall not take from a cache: one that was kept shows a nonce of long ago.
HEADERS = {
    # The data plane sends messages under the same name.
    "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "accept-language": "en-US,en;q=0.9",
    "cache-control": "no-cache",
    "pragma": "no-cache",
}
