"""Signing in and out over REST."""

import pyotp
import pytest

from tests.controlplane.rest.browsers import SECRET, Browser, signed_in, viewer
from tests.controlplane.rest.world import PASSWORD, World


async def test_coming_and_going(world: World) -> None:
    browser = Browser(world)
    reply = await browser.sign_in()
    assert reply.status_code == 201
    assert reply.json() == {
        "user": {"id": "usr_admin", "name": "admin", "role": "admin", "builtIn": True, "totp": False},
        "csrfToken": browser.csrf,
        "expiresAt": "2026-03-02T00:00:00Z",
    }
    assert (await browser.client.get("/api/session")).json() == reply.json()
    assert (await browser.ask("POST", "/api/keys", {"name": "a"})).status_code == 201
    old = browser.cookie
    gone = await browser.ask("DELETE", "/api/session")
    assert gone.status_code == 204
    assert not browser.cookie
    browser.client.cookies.set("headgate_session", old, domain="console.test")
    world.fails(await browser.client.get("/api/session"), 401, "unauthenticated")
    actions = [(change["action"], change["actor"], change["address"]) for change in await world.changes()]
    assert actions == [(action, "admin", "127.0.0.5") for action in ("session.delete", "key.create", "session.create")]


async def test_the_name_is_admin_unless_it_is_said(world: World) -> None:
    reply = await world.stranger.post("/api/session", json={"password": PASSWORD})
    assert reply.json()["user"]["name"] == "admin"


@pytest.mark.parametrize(
    ("peer", "forwarded", "secure"),
    [("127.0.0.1", "https", False), ("127.0.0.9", "https", True), ("127.0.0.9", "http", False), ("127.0.0.9", "", False)],
)
async def test_the_cookie(world: World, peer: str, forwarded: str, secure: bool) -> None:
    headers = {"x-forwarded-proto": forwarded} if forwarded else {}
    reply = await world.client(peer).post("/api/session", json={"password": PASSWORD}, headers=headers)
    (value, *attributes) = reply.headers["set-cookie"].split("; ")
    assert value.startswith("headgate_session=")
    assert {one.lower() for one in attributes} == {"httponly", "path=/", "samesite=strict", "max-age=604800"} | (
        {"secure"} if secure else set()
    )


async def test_a_cookie_that_came_by_tls_is_for_tls_only(world: World) -> None:
    reply = await world.stranger.post("https://console.test/api/session", json={"password": PASSWORD})
    assert "; Secure" in reply.headers["set-cookie"]


async def test_a_cookie_that_opens_nothing_is_taken_back(world: World) -> None:
    reply = await world.stranger.get("/api/session", headers={"cookie": "headgate_session=nothing"})
    world.fails(reply, 401, "unauthenticated")
    assert 'headgate_session=""' in reply.headers["set-cookie"]
    assert "set-cookie" not in (await world.stranger.get("/api/session")).headers


async def test_with_a_bearer_there_is_no_session(world: World) -> None:
    said = (await world.get("/api/session")).json()
    assert (said["user"]["name"], said["csrfToken"], said["expiresAt"]) == ("admin", None, None)
    assert (await world.delete("/api/session")).status_code == 204


async def test_who_may_not_come_in(world: World) -> None:
    browser = Browser(world)
    for name, password in (("admin", "wrong"), ("nobody", PASSWORD), ("admin", "")):
        reply = await browser.sign_in(name, password)
        world.fails(reply, 401, "wrong_credentials")
        assert "set-cookie" not in reply.headers
    for body in ({}, {"password": 5}, {"password": "x" * 2000}, {"password": PASSWORD, "remember": True}):
        world.fails(await browser.client.post("/api/session", json=body), 400, "invalid")
    reply = await browser.client.post("/api/session", content=f'{{"password": "{PASSWORD}"}}', headers={"content-type": "text/plain"})
    world.fails(reply, 400, "invalid")


async def test_guesses_of_every_kind_count_together(world: World) -> None:
    browser, other = Browser(world), await signed_in(world)
    for number in range(3):
        await browser.sign_in(password=f"wrong {number}")
        await browser.client.get("/api/keys", headers={"authorization": f"Bearer wrong {number}"})
        await browser.client.post("/api/session", json={"name": "nobody", "password": f"wrong {number}"})
    world.fails(await browser.sign_in(password="wrong"), 401, "wrong_credentials")
    reply = await browser.sign_in()
    world.fails(reply, 429, "too_many_attempts")
    assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert (await other.client.get("/api/session")).status_code == 200
    assert (await Browser(world, "127.0.0.7").sign_in()).status_code == 201
    world.clock.pass_(61)
    assert (await browser.sign_in()).status_code == 201


async def test_failures_are_in_the_audit_log(world: World) -> None:
    browser = Browser(world)
    for _ in range(5):
        await browser.sign_in("MARKED-name", "MARKED")
    world.clock.pass_(60)
    await world.services.administration.failures.flush()
    rows = [change for change in await world.changes() if change["action"] == "session.fail"]
    assert sorted(change["after"]["count"] for change in rows) == [1, 4]
    assert {change["address"] for change in rows} == {"127.0.0.5"}
    assert "MARKED" not in str(rows)


async def test_ones_own_password(world: World) -> None:
    browser, other = await viewer(world), await signed_in(world, "eve", SECRET)
    path = "/api/session/password"
    world.fails(await browser.ask("PUT", path, {"current": "wrong", "new": SECRET + "!"}), 400, "invalid", "current")
    world.fails(await browser.ask("PUT", path, {"current": SECRET, "new": "too short"}), 400, "invalid", "new")
    assert (await browser.ask("PUT", path, {"current": SECRET, "new": SECRET + "!"})).status_code == 204
    assert (await browser.client.get("/api/session")).status_code == 200
    world.fails(await other.client.get("/api/session"), 401, "unauthenticated")
    world.fails(await Browser(world).sign_in("eve", SECRET), 401, "wrong_credentials")
    change = next(change for change in await world.changes() if change["action"] == "user.password")
    assert (change["actor"], change["targetName"]) == ("eve", "eve")


async def test_the_administrators_password(world: World) -> None:
    browser = await signed_in(world)
    body = {"current": PASSWORD, "new": SECRET}
    world.fails(await browser.ask("PUT", "/api/session/password", body), 409, "set_by_environment")
    world.fails(await browser.ask("PUT", "/api/users/usr_admin", {"password": SECRET}), 409, "set_by_environment")
    await world.door.users.set_password(world.door.users.admin, PASSWORD, "new")
    world.door.passwords.give(None)
    browser = await signed_in(world)
    assert (await browser.ask("PUT", "/api/session/password", body)).status_code == 204
    world.fails(await world.get("/api/session"), 401, "unauthenticated")
    world.authorization = f"Bearer {SECRET}"
    assert (await world.get("/api/session")).status_code == 200


async def test_a_second_device(world: World) -> None:
    browser = await viewer(world)
    begun = (await browser.ask("POST", "/api/session/totp")).json()
    device = pyotp.TOTP(begun["secret"])
    assert begun["uri"] == f"otpauth://totp/Headgate:eve?secret={begun['secret']}&issuer=Headgate"
    assert (await browser.client.get("/api/session")).json()["user"]["totp"] is False
    world.fails(await browser.ask("PUT", "/api/session/totp", {"enabled": True, "code": "000000"}), 400, "wrong_code", "code")
    assert (await browser.ask("PUT", "/api/session/totp", {"enabled": True, "code": device.at(int(world.clock.time))})).status_code == 204
    assert (await browser.client.get("/api/session")).json()["user"]["totp"] is True
    world.fails(await browser.ask("POST", "/api/session/totp"), 400, "invalid")
    other = Browser(world)
    world.fails(await other.sign_in("eve", SECRET), 401, "code_needed")
    world.fails(await other.sign_in("eve", SECRET, code="000000"), 401, "wrong_code")
    world.clock.pass_(60)
    code = device.at(int(world.clock.time))
    assert (await other.sign_in("eve", SECRET, code=code)).status_code == 201
    world.fails(await other.ask("PUT", "/api/session/totp", {"enabled": False, "code": code}), 400, "wrong_code", "code")
    world.clock.pass_(60)
    assert (await other.ask("PUT", "/api/session/totp", {"enabled": False, "code": device.at(int(world.clock.time))})).status_code == 204
    assert (await Browser(world).sign_in("eve", SECRET)).status_code == 201
    told = [change["after"] for change in await world.changes() if change["action"] == "user.totp"]
    assert told == [{"totp": False}, {"totp": True}]


async def test_with_a_second_device_scripts_need_a_token(world: World) -> None:
    token = (await world.post("/api/tokens", {"name": "ci", "role": "admin"})).json()["token"]
    browser = await signed_in(world)
    secret = (await browser.ask("POST", "/api/session/totp")).json()["secret"]
    await browser.ask("PUT", "/api/session/totp", {"enabled": True, "code": pyotp.TOTP(secret).at(int(world.clock.time))})
    reply = await world.get("/api/keys")
    world.fails(reply, 401, "unauthenticated")
    assert "token" in reply.json()["error"]["message"]
    world.authorization = f"Bearer {token}"
    assert (await world.get("/api/keys")).status_code == 200
    said = (await world.get("/api/session")).json()["user"]
    assert (said["name"], said["role"], said["totp"]) == ("token:ci", "admin", False)
    for method, path, body in (("PUT", "/password", {"current": "x", "new": SECRET}), ("POST", "/totp", None)):
        world.fails(await world.ask(method, f"/api/session{path}", body), 400, "invalid")


async def test_who_is_signed_in(world: World) -> None:
    eve, admin = await viewer(world), await signed_in(world)
    rows = (await admin.client.get("/api/sessions")).json()
    assert rows["total"] == 2
    assert {row["userName"]: row["current"] for row in rows["sessions"]} == {"eve": False, "admin": True}
    own = (await eve.client.get("/api/sessions")).json()["sessions"]
    assert [(row["userName"], row["address"], row["agent"], row["current"]) for row in own] == [("eve", "127.0.0.6", "Browser/1", True)]
    assert set(own[0]) == {"id", "userId", "userName", "createdAt", "seenAt", "expiresAt", "address", "agent", "current"}
    others = next(row["id"] for row in rows["sessions"] if row["userName"] == "admin")
    world.fails(await eve.ask("DELETE", f"/api/sessions/{others}"), 404, "not_found")
    assert (await admin.ask("DELETE", f"/api/sessions/{own[0]['id']}")).status_code == 204
    world.fails(await eve.client.get("/api/session"), 401, "unauthenticated")
    world.fails(await admin.ask("DELETE", f"/api/sessions/{own[0]['id']}"), 404, "not_found")
    page = (await admin.client.get("/api/sessions", params={"limit": 1})).json()
    assert (len(page["sessions"]), page["nextCursor"]) == (1, None)


async def test_a_viewer_ends_its_own(world: World) -> None:
    eve = await viewer(world)
    other = await signed_in(world, "eve", SECRET)
    rows = (await eve.client.get("/api/sessions")).json()["sessions"]
    ended = next(row["id"] for row in rows if not row["current"])
    assert (await eve.ask("DELETE", f"/api/sessions/{ended}")).status_code == 204
    world.fails(await other.client.get("/api/session"), 401, "unauthenticated")


async def test_an_old_session_ends(world: World) -> None:
    browser = await signed_in(world)
    world.clock.pass_(86_399)
    assert (await browser.client.get("/api/session")).json()["expiresAt"] == "2026-03-02T23:59:59Z"
    world.clock.pass_(86_400)
    world.fails(await browser.client.get("/api/session"), 401, "unauthenticated")
