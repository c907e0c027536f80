"""The calls to an Anthropic-compatible endpoint."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from controlplane.adapters.anthropic import answers
from controlplane.adapters.endpoint import NAME, Endpoint, listing
from controlplane.adapters.http import Source, get
from controlplane.domain.account import Account
from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ModelFacts

VERSION = "2023-06-01"
PAGE_SIZE = "1000"
PAGES = 20  # a list that never ends is the upstream's mistake, not our memory
HOST = "api.anthropic.com"
# A sign-in's token in the place of a key, and what the API wants to hear with one.
OAUTH_PREFIX, OAUTH_BETA = "sk-ant-oat", "oauth-2025-04-20"


class Anthropic(Endpoint):
    """The Provider of kind "anthropic"."""

    def __init__(self, clients: Source) -> None:
        self._clients = clients

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        """All pages of what the endpoint lists. Raises AccessRejected, CallForbidden, ProviderUnavailable."""
        base = (account.base_url or KINDS["anthropic"].base_url).removesuffix("/v1")
        headers = {"accept": "application/json", "anthropic-version": VERSION, **_key(base, bearer)}
        found: dict[str, ModelFacts] = {}
        after = ""
        for _ in range(PAGES):
            body = await self._page(account, base, headers, after)
            if body is None:
                return []
            found.update({model.id: model for model in answers.models(body)})
            before, after = after, answers.next_page(body)
            if not after or after == before:
                break
        return list(found.values())

    async def _page(self, account: Account, base: str, headers: Mapping[str, str], after: str) -> Any:
        query = {"limit": PAGE_SIZE, **({"after_id": after} if after else {})}
        return listing(await get(self._clients.for_account(account), f"{base}/v1/models", headers, NAME, query), account)


def _key(base: str, key: str) -> Mapping[str, str]:
    """The key as the endpoint reads it. Anthropic refuses two of them; others read one header or the other."""
    if key.startswith(OAUTH_PREFIX):
        return {"authorization": f"Bearer {key}", "anthropic-beta": OAUTH_BETA}
    if urlsplit(base).hostname == HOST:
        return {"x-api-key": key}
    return {"x-api-key": key, "authorization": f"Bearer {key}"}
