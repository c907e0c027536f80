"""Signing in on another device: the OIDC service's device flow (Kiro wire notes, device flow).

The service's own words are read here and never passed on.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from controlplane.adapters.http import Reply, Source, send
from controlplane.adapters.kiro import answers, bases, faults, identity
from controlplane.domain.account import Account, AuthMethod, Tokens
from controlplane.domain.errors import ProviderUnavailable
from controlplane.service.device_login import Grant, Verdict

NAME = "the sign-in service"
CLIENT = "Headgate"
SCOPES = ("codewhisperer:completions", "codewhisperer:analysis", "codewhisperer:conversations")
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
# Where the answer leaves them out (RFC 8628, 3.2); and what an answer may say at most, seconds.
INTERVAL, LIFE = 5, 600
LONGEST_INTERVAL, LONGEST_LIFE = 60, 3600


class DeviceFlow:
    """Implements the Devices port."""

    def __init__(self, clients: Source, where: bases.Bases) -> None:
        self._clients = clients
        self._bases = where

    async def begin(self, region: str, start_url: str) -> Grant:
        registered = _judged(await self._post(region, "/client/register", _registration(start_url)))
        client = {"clientId": _secret(registered, "clientId"), "clientSecret": _secret(registered, "clientSecret")}
        told = _judged(await self._post(region, "/device_authorization", {**client, "startUrl": start_url}))
        uri = _page(told, "verificationUri")
        return Grant(
            client_id=client["clientId"],
            client_secret=client["clientSecret"],
            device_code=_secret(told, "deviceCode"),
            user_code=_secret(told, "userCode"),
            uri=uri,
            uri_complete=_page(told, "verificationUriComplete", uri),
            expires_in=_seconds(told, "expiresIn", LIFE, LONGEST_LIFE),
            interval=_seconds(told, "interval", INTERVAL, LONGEST_INTERVAL),
        )

    async def poll(self, region: str, grant: Grant) -> Tokens | Verdict:
        body = {
            "clientId": grant.client_id,
            "clientSecret": grant.client_secret,
            "deviceCode": grant.device_code,
            "grantType": DEVICE_GRANT,
        }
        reply = await self._post(region, "/token", body)
        if reply.status == 200:
            made = answers.tokens(reply.body)
            if not made.refresh_token:
                raise ProviderUnavailable(f"{NAME} gave no refresh token")
            return made
        said = reply.body.get("error") if reply.status == 400 and isinstance(reply.body, dict) else None
        if isinstance(said, str) and said in VERDICTS:
            return VERDICTS[said]
        raise faults.refresh_fault(reply.status, reply.headers, reply.body)

    async def _post(self, region: str, path: str, body: Mapping[str, Any]) -> Reply:
        """There is no account yet; one that goes straight to its region stands for it."""
        account = Account(id="", kind="kiro", label="", auth_method=AuthMethod.IDC, region=region)
        client = self._clients.for_account(account)
        url = bases.at(self._bases.oidc, region) + path
        request: httpx.Request = client.build_request("POST", url, json=body, headers=identity.single_sign_on())
        return await send(client, request, NAME)


def _registration(start_url: str) -> Mapping[str, Any]:
    return {
        "clientName": CLIENT,
        "clientType": "public",
        "scopes": SCOPES,
        "grantTypes": [DEVICE_GRANT, "refresh_token"],
        "issuerUrl": start_url,
    }


def _judged(reply: Reply) -> Mapping[str, Any]:
    """The members of a good answer. Raises ProviderError."""
    if reply.status != 200:
        raise faults.refresh_fault(reply.status, reply.headers, reply.body)
    if not isinstance(reply.body, dict):
        raise ProviderUnavailable(f"{NAME} answered nonsense")
    return reply.body


def _secret(body: Mapping[str, Any], name: str) -> str:
    """A member that is sent back, or shown, as it is."""
    value = body.get(name)
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not value:
        raise ProviderUnavailable(f"{NAME} gave no usable {name}")
    return value


def _page(body: Mapping[str, Any], name: str, default: str = "") -> str:
    """The address of a page that a person is sent to: nothing that a browser would run."""
    value = body.get(name)
    if isinstance(value, str) and value.isprintable() and urlsplit(value).scheme in ("https", "http"):
        return value
    if default:
        return default
    raise ProviderUnavailable(f"{NAME} gave no usable {name}")


def _seconds(body: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = body.get(name)
    return max(1, min(most, int(value))) if isinstance(value, int | float) and value == value and value >= 1 else default  # noqa: PLR0124 - not a number


VERDICTS: Mapping[str, Verdict] = {
    "authorization_pending": Verdict.PENDING,
    "slow_down": Verdict.SLOWER,
    "expired_token": Verdict.EXPIRED,
    "access_denied": Verdict.DENIED,
}
