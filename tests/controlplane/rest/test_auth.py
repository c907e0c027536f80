"""Who may come in."""

import pytest

from controlplane.policy.guesses import ADDRESSES, GUESSES, Guesses
from tests.controlplane.rest.world import PASSWORD, World


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/accounts"),
        ("POST", "/api/accounts"),
        ("GET", "/api/keys"),
        ("GET", "/api/requests"),
        ("GET", "/api/settings"),
        ("GET", "/api/models"),
        ("GET", "/api/audit"),
        ("GET", "/api/proxy/stats"),
        ("GET", "/api/proxy/logs"),
        ("PUT", "/api/proxy/config"),
        ("GET", "/api/nothing-here"),
        ("PATCH", "/api/accounts"),
        ("GET", "/api"),
    ],
)
async def test_nothing_without_the_password(world: World, method: str, path: str) -> None:
    """Strangers learn neither which routes there are nor what a body should look like."""
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": PASSWORD}, {"authorization": f"Basic {PASSWORD}"}):
        reply = await world.stranger.request(method, path, content=b"{", headers=headers)
        world.fails(reply, 401, "unauthenticated")
        assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/metrics", "/openapi.json", "/api/proxy/status", "/api/proxy/health"])
async def test_what_is_open(world: World, path: str) -> None:
    assert (await world.stranger.get(path)).status_code == 200


@pytest.mark.parametrize("header", [f"Bearer {PASSWORD}", f"bearer  {PASSWORD} ", f"BEARER {PASSWORD}"])
async def test_the_password_opens(world: World, header: str) -> None:
    assert (await world.stranger.get("/api/keys", headers={"authorization": header})).status_code == 200


async def test_guessing_is_slowed_for_one_address_only(world: World) -> None:
    wrong = {"authorization": "Bearer wrong"}
    right = {"authorization": f"Bearer {PASSWORD}"}
    for _ in range(GUESSES):
        world.fails(await world.stranger.get("/api/keys", headers=wrong), 401, "unauthenticated")
    for headers in (wrong, right):
        reply = await world.stranger.get("/api/keys", headers=headers)
        world.fails(reply, 429, "too_many_attempts")
        assert 1 <= int(reply.headers["retry-after"]) <= 60
    assert (await world.elsewhere.get("/api/keys", headers=right)).status_code == 200
    world.clock.pass_(61)
    assert (await world.stranger.get("/api/keys", headers=right)).status_code == 200


async def test_the_right_password_clears_the_count(world: World) -> None:
    for _ in range(3):
        for _ in range(GUESSES - 1):
            await world.stranger.get("/api/keys", headers={"authorization": "Bearer wrong"})
        assert (await world.get("/api/keys")).status_code == 200


async def test_a_password_beyond_ascii(world: World) -> None:
    world.set_password("Pässwörd-密码")
    header = {"authorization": "Bearer Pässwörd-密码".encode()}
    assert (await world.stranger.get("/api/keys", headers=header)).status_code == 200
    header = {"authorization": b"Bearer P\xe4sswort"}
    assert (await world.stranger.get("/api/keys", headers=header)).status_code == 401


def test_guesses_are_forgotten_after_a_minute_one_by_one() -> None:
    guesses = Guesses()
    for second in range(GUESSES):
        guesses.add("a", float(second))
    assert guesses.wait("a", 10.0) == 50.0
    assert guesses.wait("a", 60.0) == 0.0
    guesses.add("a", 60.0)
    assert guesses.wait("a", 60.5) == 0.5


def test_guesses_remember_so_many_addresses_and_not_more() -> None:
    guesses = Guesses()
    for _ in range(GUESSES):
        guesses.add("first", 0.0)
    for number in range(ADDRESSES):
        guesses.add(str(number), 0.0)
    assert len(guesses._times) == ADDRESSES
    assert guesses.wait("first", 0.0) == 0.0


async def test_guesses_through_a_trusted_proxy_count_for_whom_it_names(world: World) -> None:
    proxy = world.client("127.0.0.9")
    for number in range(GUESSES):
        # What the client itself claims stands further left and is not believed.
        headers = {"authorization": "Bearer wrong", "x-forwarded-for": f"192.0.2.{number}, 198.51.100.7, 127.0.0.9"}
        assert (await proxy.get("/api/keys", headers=headers)).status_code == 401
    named = {"authorization": "Bearer wrong", "x-forwarded-for": "198.51.100.7"}
    assert (await proxy.get("/api/keys", headers=named)).status_code == 429
    assert (await proxy.get("/api/keys", headers=named | {"x-forwarded-for": "198.51.100.8"})).status_code == 401
    assert (await world.stranger.get("/api/keys", headers=named)).status_code == 401


async def test_guesses_from_one_ipv6_network_count_together(world: World) -> None:
    for number in range(GUESSES):
        client = world.client(f"2001:db8:1:2::{number:x}")
        assert (await client.get("/api/keys", headers={"authorization": "Bearer wrong"})).status_code == 401
    assert (await world.client("2001:db8:1:2::ff").get("/api/keys", headers={"authorization": "Bearer wrong"})).status_code == 429
    assert (await world.client("2001:db8:1:3::1").get("/api/keys", headers={"authorization": "Bearer wrong"})).status_code == 401


async def test_ipv4_clients_of_a_dual_stack_listener_count_each_for_themselves(world: World) -> None:
    wrong, right = {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {PASSWORD}"}
    for _ in range(GUESSES):
        assert (await world.client("::ffff:192.0.2.1").get("/api/keys", headers=wrong)).status_code == 401
    for address in ("::ffff:192.0.2.1", "192.0.2.1"):
        assert (await world.client(address).get("/api/keys", headers=right)).status_code == 429
    for address in ("::ffff:192.0.2.2", "::1"):
        assert (await world.client(address).get("/api/keys", headers=right)).status_code == 200


@pytest.mark.parametrize(
    "forwarded", ["198.51.100.7:5555", "192.0.2.1, 198.51.100.7,", "::ffff:198.51.100.7", "[::ffff:198.51.100.7]:77, "]
)
async def test_a_client_is_known_however_its_proxy_writes_it(world: World, forwarded: str) -> None:
    proxy = world.client("::ffff:127.0.0.9")
    for number in range(GUESSES):
        headers = {"authorization": "Bearer wrong", "x-forwarded-for": forwarded.replace("5555", f"{5000 + number}")}
        assert (await proxy.get("/api/keys", headers=headers)).status_code == 401
    named = {"authorization": f"Bearer {PASSWORD}", "x-forwarded-for": "198.51.100.7"}
    assert (await proxy.get("/api/keys", headers=named)).status_code == 429
    named["x-forwarded-for"] = "198.51.100.8:1"
    assert (await proxy.post("/api/keys", headers=named, json={"name": "a"})).status_code == 201
    assert (await world.changes())[0]["address"] == "198.51.100.8"
