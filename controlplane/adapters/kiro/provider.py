"""The calls to Kiro's account endpoints."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from controlplane.adapters.http import Reply, Source, send
from controlplane.adapters.kiro import answers, bases, faults, identity
from controlplane.domain.account import Account, Allowance, AuthMethod, Credentials, Tokens
from controlplane.domain.errors import CallForbidden, GrantRejected, ProviderUnavailable
from controlplane.domain.model import ModelFacts
from controlplane.policy import hosts

PAGES = 20  # a list that never ends is the upstream's mistake, not our memory
ORIGIN = "AI_EDITOR"
NAME = "Kiro"


class Kiro:
    """The Provider of kind "kiro"."""

    def __init__(self, clients: Source, where: bases.Bases) -> None:
        self._clients = clients
        self._bases = where
        self._spellings = bases.Spellings(dashed=where.dashed)

    async def refresh(self, account: Account, credentials: Credentials) -> Tokens:
        """Trade the refresh token. Raises GrantRejected, AccessRejected, AccountSuspended, ProviderUnavailable."""
        if not credentials.refresh_token:
            raise GrantRejected("the account has no refresh token; sign in again")
        client = self._clients.for_account(account)
        asked = self._idc if account.auth_method is AuthMethod.IDC else self._social
        reply = await send(client, asked(client, account, credentials), NAME)
        if reply.status != 200:
            raise faults.refresh_fault(reply.status, reply.headers, reply.body)
        return answers.tokens(reply.body)

    async def profiles(self, account: Account, bearer: str) -> Sequence[str]:
        """The profiles of the account's region, else of the other one. A refusal that is not about
        the token means that there are none: Builder ID and social accounts may not list theirs.
        """
        for region in self._profile_regions(account):
            found = await self._profiles_in(region, account, bearer)
            if found:
                return found
        return []

    async def models(self, account: Account, bearer: str) -> Sequence[ModelFacts]:
        """All pages of the model list; an empty list is an answer."""
        found: dict[str, ModelFacts] = {}
        token = ""
        for _ in range(PAGES):
            query = {"origin": ORIGIN, "maxResults": "50", "profileArn": account.profile_arn, "nextToken": token}
            body = await self._control("models", account, bearer, query=query)
            for model in answers.models(body):
                found.setdefault(model.id, model)
            before, token = token, answers.next_page(body)
            if not token or token == before:
                break
        return list(found.values())

    async def allowance(self, account: Account, bearer: str) -> Allowance:
        """What is left; `checked_at` is the caller's to set."""
        query = {"origin": ORIGIN, "resourceType": "AGENTIC_REQUEST", "isEmailRequired": "true", "profileArn": account.profile_arn}
        return answers.allowance(await self._control("usage", account, bearer, query=query))

    def _social(self, client: httpx.AsyncClient, account: Account, credentials: Credentials) -> httpx.Request:
        url = bases.at(self._bases.auth, account.region) + "/refreshToken"
        body = {"refreshToken": credentials.refresh_token}
        return client.build_request("POST", url, json=body, headers=identity.sign_in(account))

    def _idc(self, client: httpx.AsyncClient, account: Account, credentials: Credentials) -> httpx.Request:
        if not (credentials.client_id and credentials.client_secret):
            raise GrantRejected("the account has no client registration; set clientId and clientSecret or sign in again")
        body = {
            "clientId": credentials.client_id,
            "clientSecret": credentials.client_secret,
            "refreshToken": credentials.refresh_token,
            "grantType": "refresh_token",
        }
        url = bases.at(self._bases.oidc, account.region) + "/token"
        return client.build_request("POST", url, json=body, headers=identity.single_sign_on())

    def _profile_regions(self, account: Account) -> Sequence[str]:
        """Profiles live in one of two regions, whatever the sign-in's region is."""
        if hosts.MARK not in self._bases.management:
            return (account.api_region,)
        return (account.api_region, *(region for region in API_REGIONS if region != account.api_region))

    async def _profiles_in(self, region: str, account: Account, bearer: str) -> Sequence[str]:
        found: list[str] = []
        token = ""
        for _ in range(PAGES):
            content = {"maxResults": 10, "nextToken": token} if token else {}
            try:
                body = await self._control("profiles", account, bearer, content=content, region=region)
            except CallForbidden:
                return []
            found += answers.profiles(body)
            before, token = token, answers.next_page(body)
            if not token or token == before:
                break
        return found

    async def _control(
        self,
        operation: str,
        account: Account,
        bearer: str,
        *,
        query: Mapping[str, str] | None = None,
        content: Mapping[str, Any] | None = None,
        region: str = "",
    ) -> Any:
        """One control call in the spelling its host understands; the answer's body."""
        base = bases.at(self._bases.management, region or account.api_region)
        params = {name: value for name, value in (query or {}).items() if value}
        client = self._clients.for_account(account)
        for path in self._spellings.order(base, operation):
            request = client.build_request(
                "GET" if content is None else "POST",
                base + path,
                params=params,
                json=content,
                headers=identity.control(account, bearer),
            )
            reply = await send(client, request, NAME)
            if reply.status != 404:
                self._spellings.learn(base, operation, path)
                return _judged(reply)
        raise ProviderUnavailable("Kiro knows no spelling of this call; check the management address")


def _judged(reply: Reply) -> Any:
    if reply.status != 200:
        raise faults.control_fault(reply.status, reply.headers, reply.body)
    return reply.body


API_REGIONS = ("us-east-1", "eu-central-1")
