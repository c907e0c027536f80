"""The calls to an OpenAI-compatible endpoint."""

from collections.abc import Sequence

from controlplane.adapters.endpoint import NAME, Endpoint, listing
from controlplane.adapters.http import Source, get
from controlplane.adapters.openai import answers
from controlplane.domain.account import Account
from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ModelFacts


class OpenAI(Endpoint):
    """The Provider of kind "openai"."""

    def __init__(self, clients: Source) -> None:
        self._clients = clients

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        """What the endpoint lists. Raises AccessRejected, CallForbidden, ProviderUnavailable."""
        headers = {"accept": "application/json", **({"authorization": f"Bearer {bearer}"} if bearer else {})}
        url = (account.base_url or KINDS["openai"].base_url) + "/models"
        body = listing(await get(self._clients.for_account(account), url, headers, NAME), account)
        return [] if body is None else answers.models(body)
