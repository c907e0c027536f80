"""No answer and no log line ever holds a secret that was given to the control plane."""

import json
import logging
from typing import Any

import pyotp
import pytest

from controlplane.domain.account import Allowance
from controlplane.domain.errors import GrantRejected
from tests.controlplane.rest.browsers import SECRET, Browser, viewer
from tests.controlplane.rest.world import ARN, PASSWORD, World, refresh_token

MARK = "MARKED"
SECRETS = {
    "refreshToken": refresh_token("a"),
    "accessToken": "aoaAAAAAMARKED-own-access",
    "clientId": "MARKED-client-id",
    "clientSecret": "MARKED-client-secret",
    "authMethod": "idc",
    "proxyUrl": "http://user:MARKED-proxy@127.0.0.1:1",
}


def documented(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(method.upper(), path) for path, operations in document["paths"].items() for method in operations]


async def test_no_route_shows_a_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account = await world.account(**SECRETS, profileArn=ARN)
    await world.post("/api/accounts", {"apiKey": "ksk_MARKED-api-key-of-an-account"})
    for kind in ("openai", "anthropic"):
        await world.post("/api/accounts", {"kind": kind, "apiKey": f"sk-MARKED-{kind}", "proxyUrl": "socks5://u:MARKED@127.0.0.1:1"})
    key = await world.key("a", allowedAccountIds=[account["id"]])
    secret = key["key"]
    await world.served("req_1")
    await world.settled(account["id"])
    where = {"account_id": account["id"], "key_id": key["id"], "request_id": "req_1", "price_id": "price_none", "login_id": "login_none"}
    where |= {"user_id": "usr_admin", "session_id": "ses_none", "token_id": "tok_none"}
    routes = [route for route in documented((await world.get("/openapi.json")).json()) if route[1] != "/api/events"]  # has no end
    world.answers.clear()
    bodies = (
        {},
        SECRETS,
        {"refreshToken": "MARKED-short"},
        [SECRETS, {"clientSecret": 5, **SECRETS, "refreshToken": MARK}],
        {MARK[:3]: SECRETS},
    )
    for method, path in sorted(routes, key=lambda route: route[0] == "DELETE"):
        for body in bodies if method in ("POST", "PUT") else (None,):
            reply = await world.ask(method, path.format(**where), body)
            assert reply.status_code < 500, reply.text
    assert await world.changes()
    world.provider.refreshes = GrantRejected("refused")
    world.provider.allowances = Allowance(1, 2)
    assert len(world.answers) > 40
    for reply in world.answers:
        shown = reply.text + json.dumps(dict(reply.headers))
        assert MARK not in shown, (reply.url, shown)
        assert PASSWORD not in shown
        assert secret not in shown
        assert "digest" not in shown.lower()
    assert MARK not in caplog.text
    assert secret not in caplog.text
    assert PASSWORD not in caplog.text


async def test_a_wrong_password_is_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await world.stranger.get("/api/keys", headers={"authorization": "Bearer MARKED-almost-right"})
    assert "wrong administrator password address=127.0.0.1" in caplog.text
    assert MARK not in caplog.text


async def test_signing_in_shows_no_secret(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Passwords, codes, tokens, cookies and what second devices know: each is told where it is made, and nowhere else."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "aiosqlite")  # as in the service, for it repeats every statement
    eve = await viewer(world)
    begun = (await eve.ask("POST", "/api/session/totp")).json()["secret"]
    code = pyotp.TOTP(begun).at(int(world.clock.time))
    token = (await world.post("/api/tokens", {"name": "ci", "role": "admin"})).json()["token"]
    world.answers.clear()
    await eve.ask("PUT", "/api/session/totp", {"enabled": True, "code": code})
    await eve.ask("PUT", "/api/session/totp", {"enabled": False, "code": code})
    await eve.ask("PUT", "/api/session/password", {"current": SECRET, "new": SECRET + "!"})
    await Browser(world).sign_in("eve", SECRET + "!", code=code)
    await Browser(world).sign_in("eve", "MARKED-almost-right")
    for body in ({"password": {"MARKED": SECRET}}, {"password": SECRET, "code": ["MARKED"]}, {"password": SECRET, "name": [SECRET]}):
        await world.stranger.post("/api/session", json=body)
    for path in ("/api/users", "/api/tokens", "/api/sessions", "/api/audit"):
        assert (await world.get(path)).status_code == 200
    await world.stranger.get("/api/keys", headers={"authorization": f"Bearer {token}x"})
    await world.stranger.get("/api/keys", headers={"cookie": f"headgate_session={eve.cookie}x"})
    session = world.services.sessions.find(eve.cookie)
    user = world.services.users.named("eve")
    assert session
    assert user
    hidden = (MARK, PASSWORD, begun, f'"{code}"', token, eve.cookie, eve.csrf, session.digest, user.password_hash, "argon2")
    told = [reply.text + json.dumps(dict(reply.headers)) for reply in world.answers]
    for shown in (*told, caplog.text, repr(user), repr(session), repr(world.services.tokens.list())):
        assert not [secret for secret in hidden if secret in shown], shown
