"""Token endpoints: social refresh, OIDC refresh, and the device sign-in."""

import asyncio
from typing import Any

from aiohttp import web

from tests.simulators.kiro.replies import fail, members, reply
from tests.simulators.kiro.state import Account, Device, Method, State

DEAD_TOKEN = "Invalid refresh token provided"
BUILDER_START = "https://view.awsapps.com/start"
DEVICE_LIFE = 600
DEVICE_INTERVAL = 1.0
SLOWER = 5.0
EARLY = 0.9  # of the interval: two clocks are never quite the same
SCOPES = {"completions", "analysis", "conversations", "transformations", "taskassist"}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Auth:
    """The two token services, on one port."""

    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/refreshToken", self.refresh_social),
            web.post("/token", self.token),
            web.post("/client/register", self.register),
            web.post("/device_authorization", self.authorize),
            web.get("/device", self.verify),
        ]

    async def refresh_social(self, request: web.Request) -> web.Response:
        body = await members(request) or {}
        token = body.get("refreshToken")
        if not isinstance(token, str):
            return reply(400, {"message": "Invalid request body"})
        scripted = await self._attempt(token)
        if scripted:
            return scripted
        account = self._owner(token)
        if account is None:
            return reply(400, {"message": DEAD_TOKEN})
        if account.method != "social":
            return reply(401, {"message": "Bad credentials"})
        return reply(200, {**self._refreshed(account), "profileArn": account.profile_arn})

    async def token(self, request: web.Request) -> web.Response:
        body = await members(request) if request.content_type == "application/json" else None
        if body is None or not isinstance(body.get("grantType"), str):
            return _refuse(400, "invalid_request", "grantType is required in a JSON body")
        grant = {"refresh_token": self._refresh_oidc, DEVICE_GRANT: self._poll}.get(body["grantType"])
        if grant is None:
            return _refuse(400, "unsupported_grant_type", "Unsupported grant type")
        return await grant(body)

    async def register(self, request: web.Request) -> web.Response:
        body = await members(request) or {}
        if not isinstance(body.get("clientName"), str) or body.get("clientType") != "public":
            return _refuse(400, "invalid_client_metadata", "clientName and clientType are required")
        fault = _misregistered(body)
        if fault:
            return _refuse(400, *fault)
        number = len(self.state.clients)
        client, secret = self.state.random("registered", number, 22), self.state.random("registered-secret", number, 200)
        self.state.clients[client] = secret
        now = int(self.state.clock())
        return reply(200, {"clientId": client, "clientSecret": secret, "clientIdIssuedAt": now, "clientSecretExpiresAt": now + 90 * 86_400})

    async def authorize(self, request: web.Request) -> web.Response:
        body = await members(request) or {}
        if not self._known(body):
            return _refuse(401, "invalid_client", "Invalid client")
        start = body.get("startUrl")
        if not isinstance(start, str) or not start.startswith(("https://", "http://127.0.0.1")):
            return _refuse(400, "invalid_request", "startUrl is required")
        number = len(self.state.devices)
        code, user_code = self.state.random("device", number, 80), self.state.random("user-code", number, 8).upper()
        method: Method = "builder-id" if start == BUILDER_START else "idc"
        self.state.devices[code] = Device(user_code, body["clientId"], method, self.state.clock() + DEVICE_LIFE)
        page = f"{request.url.origin()}/device"
        return reply(
            200,
            {
                "deviceCode": code,
                "userCode": user_code,
                "verificationUri": page,
                "verificationUriComplete": f"{page}?user_code={user_code}",
                "expiresIn": DEVICE_LIFE,
                "interval": int(DEVICE_INTERVAL),
            },
        )

    async def verify(self, request: web.Request) -> web.Response:
        """The page a person opens; opening it is the consent."""
        try:
            self.approve(request.query.get("user_code", ""))
        except KeyError:
            return web.Response(status=404, text="No sign-in is waiting for this code.\n")
        return web.Response(text="Signed in. You can close this page.\n")

    def approve(self, user_code: str, *, denied: bool = False, expired: bool = False) -> None:
        """What a person says, or that nobody said anything until it was too late. Raises KeyError for a code that nobody was given."""
        device = next((device for device in self.state.devices.values() if device.user_code == user_code), None)
        if device is None:
            raise KeyError(user_code)
        if expired:
            device.until = self.state.clock()
        else:
            device.verdict = "denied" if denied else "approved"

    async def _refresh_oidc(self, body: dict[str, Any]) -> web.Response:
        token = body.get("refreshToken")
        if not isinstance(token, str) or not {"clientId", "clientSecret"} <= set(body):
            return _refuse(400, "invalid_request", "clientId, clientSecret and refreshToken are required")
        scripted = await self._attempt(token)
        if scripted:
            return scripted
        if not self._known(body):
            return _refuse(401, "invalid_client", "Invalid client")
        account = self._owner(token)
        if account is None or account.client_id != body["clientId"]:
            return _refuse(400, "invalid_grant", DEAD_TOKEN)
        return reply(200, {**self._refreshed(account), "tokenType": "Bearer"})

    async def _poll(self, body: dict[str, Any]) -> web.Response:
        if not self._known(body):
            return _refuse(401, "invalid_client", "Invalid client")
        device = self.state.devices.get(str(body.get("deviceCode")))
        if device is None or device.client_id != body["clientId"] or device.until <= self.state.clock():
            return _refuse(400, "expired_token", "The device code is not valid any more")
        before, device.asked_at = device.asked_at, self.state.clock()
        if device.asked_at - before < device.interval * EARLY:
            device.interval += SLOWER
            return _refuse(400, "slow_down", "Polled too early")
        if device.verdict != "approved":
            return _refuse(400, *UNFINISHED[device.verdict])
        del self.state.devices[body["deviceCode"]]
        account = self.state.open(method=device.method)
        account.client_id, account.client_secret = body["clientId"], body["clientSecret"]
        return reply(200, {**_tokens(account), "tokenType": "Bearer"})

    async def _attempt(self, token: str) -> web.Response | None:
        """Counts the call, takes its time, and gives the fault that is queued for it."""
        owner = self.state.refresh_tokens.get(token, "")
        self.state.refreshes[owner] += 1
        self.state.refreshes_by_token[token] += 1
        await asyncio.sleep(self.state.settings.refresh_delay)
        fault = self.state.fault("refresh", owner)
        return await fail(fault) if fault else None

    def _refreshed(self, account: Account) -> dict[str, Any]:
        self.state.issue_access(account)
        if account.rotates:
            self.state.issue_refresh(account)
        return _tokens(account)

    def _owner(self, token: str) -> Account | None:
        return self.state.accounts.get(self.state.refresh_tokens.get(token, ""))

    def _known(self, body: dict[str, Any]) -> bool:
        client, secret = body.get("clientId"), body.get("clientSecret")
        pairs = {**self.state.clients, **{account.client_id: account.client_secret for account in self.state.accounts.values()}}
        return bool(client) and isinstance(secret, str) and pairs.get(str(client)) == secret


def _misregistered(body: dict[str, Any]) -> tuple[str, str] | None:
    """What is wrong with a registration, if anything."""
    scopes, grants = body.get("scopes"), body.get("grantTypes")
    known = {f"codewhisperer:{name}" for name in SCOPES}
    if not isinstance(scopes, list) or not scopes or not known.issuperset(scopes):
        return "invalid_scope", "scopes are required, and must be known"
    if not isinstance(grants, list) or set(grants) != {DEVICE_GRANT, "refresh_token"}:
        return "invalid_request", "grantTypes must be the device code and the refresh token"
    return None if isinstance(body.get("issuerUrl"), str) else ("invalid_request", "issuerUrl is required")


def _tokens(account: Account) -> dict[str, Any]:
    return {"accessToken": account.access_token, "refreshToken": account.refresh_token, "expiresIn": account.token_life}


def _refuse(status: int, error: str, description: str) -> web.Response:
    return reply(status, {"error": error, "error_description": description})


UNFINISHED = {
    "pending": ("authorization_pending", "Waiting for the person"),
    "denied": ("access_denied", "The person has said no"),
}
