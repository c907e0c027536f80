"""The calls beside chat: usage, models, profiles, web search."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.simulators.kiro.replies import DENIED_BEARER, bearer, fail, members, reply
from tests.simulators.kiro.request import mapping
from tests.simulators.kiro.state import Account, Route, State
from tests.simulators.kiro.validator import check_arn

MONTH = 30 * 86_400
NO_PROFILES = {
    "builder-id": "AWS Builder ID is not supported for this operation.",
    "social": "User is not authorized to make this call.",
    "api-key": "User is not authorized to make this call.",
}

Call = Callable[[web.Request, Account], Awaitable[web.Response]]


class Management:
    def __init__(self, state: State) -> None:
        self.state = state

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/getUsageLimits", self._guarded("usage", self.usage, "camel")),
            web.get("/Get-Usage-Limits", self._guarded("usage", self.usage, "dashed")),
            web.get("/ListAvailableModels", self._guarded("models", self.models, "camel")),
            web.get("/List-Available-Models", self._guarded("models", self.models, "dashed")),
            web.post("/ListAvailableProfiles", self._guarded("profiles", self.profiles, "camel")),
            web.post("/List-Available-Profiles", self._guarded("profiles", self.profiles, "dashed")),
            web.post("/mcp", self._guarded("mcp", self.mcp, "")),
        ]

    def _guarded(self, route: Route, call: Call, spelling: str) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Path spelling, bearer and queued faults, the same for all."""

        async def guard(request: web.Request) -> web.Response:
            if spelling and self.state.settings.spelling not in (spelling, "both"):
                return reply(404, {"__type": "com.amazon.coral.service#UnknownOperationException"})
            account = bearer(request, self.state)
            if account is None:
                return reply(403, DENIED_BEARER)
            self.state.calls[account.id, route] += 1
            fault = self.state.fault(route, account.id, request.match_info.get("endpoint", ""))
            return await fail(fault) if fault else await call(request, account)

        return guard

    async def usage(self, request: web.Request, account: Account) -> web.Response:
        refused = self._refused(request.query.get("profileArn"), account)
        return refused or reply(200, _usage(account, self.state.clock(), with_email=request.query.get("isEmailRequired") == "true"))

    async def models(self, request: web.Request, account: Account) -> web.Response:
        if "origin" not in request.query:
            return reply(400, {"message": "origin is required.", "reason": None})
        refused = self._refused(request.query.get("profileArn"), account)
        if refused:
            return refused
        start, wanted = _offset(request.query.get("nextToken")), request.query.get("maxResults", "50")
        if start is None or not wanted.isdecimal():
            return reply(400, {"message": "Invalid nextToken or maxResults.", "reason": None})
        rows = [model.row() for model in account.models.values()]
        end = start + min(int(wanted), self.state.settings.page_size)
        body: dict[str, Any] = {"models": rows[start:end], "nextToken": _token(end) if end < len(rows) else None}
        if rows:
            body["defaultModel"] = rows[0]
        return reply(200, body)

    async def profiles(self, _: web.Request, account: Account) -> web.Response:
        if account.method in NO_PROFILES:
            message = NO_PROFILES[account.method]
            return reply(403, {"__type": "com.amazon.aws.codewhisperer#AccessDeniedException", "message": message, "reason": None})
        row = {"arn": account.profile_arn, "profileName": "KiroProfile", "status": "ACTIVE", "profileType": "Q_DEVELOPER"}
        return reply(200, {"profiles": [row], "nextToken": None})

    async def mcp(self, request: web.Request, account: Account) -> web.Response:
        """JSON-RPC. A query with `[[none]]` finds nothing, one with `[[error]]` fails in the tool."""
        body = await members(request)
        if body is None:
            return reply(400, {"message": "Improperly formed request.", "reason": None})
        refused = self._refused(body.get("profileArn"), account)
        return refused or reply(200, {"id": body.get("id"), "jsonrpc": "2.0", **_rpc(body)})

    def _refused(self, arn: str | None, account: Account) -> web.Response | None:
        rejection = check_arn(arn, self.state.terms(account))
        if rejection is None:
            return None
        self.state.rejections.append(rejection)
        return reply(rejection.status, rejection.body)


def _usage(account: Account, now: float, *, with_email: bool) -> dict[str, Any]:
    reset = (now // MONTH + 1) * MONTH
    kind, title = SUBSCRIPTIONS[account.plan]
    breakdown: dict[str, Any] = {
        "resourceType": "CREDIT",
        "displayName": "Credit",
        "displayNamePlural": "Credits",
        "unit": "credit",
        **_amount("currentUsage", account.used),
        **_amount("usageLimit", account.limit),
        **_amount("currentOverages", 0.0),
        **_amount("overageCap", 10_000.0),
        "overageCharges": 0.0,
        "overageRate": 0.04,
        "currency": "USD",
        "nextDateReset": reset,
    }
    return {
        "limits": [],
        "nextDateReset": reset,
        "daysUntilReset": int((reset - now) // 86_400),
        "usageBreakdownList": [breakdown],
        "subscriptionInfo": {
            "type": kind,
            "subscriptionTitle": title,
            "upgradeCapability": "UPGRADE_CAPABLE",
            "overageCapability": "OVERAGE_INCAPABLE",
            "subscriptionManagementTarget": "PURCHASE" if account.plan == "free" else "MANAGE",
        },
        "overageConfiguration": {"overageStatus": "DISABLED"},
        "userInfo": {"userId": f"d-9067.{account.id}", **({"email": f"{account.id}@example.com"} if with_email else {})},
    }


def _amount(name: str, value: float) -> dict[str, float]:
    return {name: int(value), f"{name}WithPrecision": value}


def _rpc(body: dict[str, Any]) -> dict[str, Any]:
    params = mapping(body, "params")
    method = body.get("method")
    if method == "tools/list":
        return {"result": {"tools": [WEB_SEARCH]}}
    if method != "tools/call":
        return {"error": {"code": -32601, "message": f"Method not found: {method}"}}
    query = mapping(params, "arguments").get("query")
    if params.get("name") != "web_search" or not isinstance(query, str):
        return {"error": {"code": -32602, "message": "Invalid params"}}
    if "[[error]]" in query:
        return {"result": {"content": [{"type": "text", "text": "The search has failed"}], "isError": True}}
    results = [] if "[[none]]" in query else _results(query)
    found = {"results": results, "totalResults": len(results), "query": query, "error": None}
    return {"result": {"content": [{"type": "text", "text": json.dumps(found)}], "isError": False}}


def _results(query: str) -> list[dict[str, Any]]:
    return [
        {
            "title": f"Result {number} for {query}",
            "url": f"https://example.com/{number}",
            "snippet": f"What page {number} says about {query}.",
            "publishedDate": 1_760_000_000_000 + number,
            "id": f"result-{number}",
            "domain": "example.com",
            "maxVerbatimWordLimit": 30,
            "publicDomain": False,
        }
        for number in (1, 2)
    ]


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"page:{offset}".encode()).decode()


def _offset(token: str | None) -> int | None:
    """Where a page starts; None for a token that was never given out."""
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode().removeprefix("page:"))
    except ValueError:
        return None


SUBSCRIPTIONS = {
    "free": ("Q_DEVELOPER_STANDALONE_FREE", "KIRO FREE"),
    "pro": ("Q_DEVELOPER_STANDALONE_PRO", "KIRO PRO"),
    "enterprise": ("Q_DEVELOPER_STANDALONE_POWER", "KIRO POWER"),
}
WEB_SEARCH = {
    "name": "web_search",
    "description": "Searches the web",
    "inputSchema": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
}
