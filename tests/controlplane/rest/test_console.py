"""The console's files as browsers get them, and the plain page while it is not built."""

import base64
import contextlib
import gzip
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException

from controlplane.rest import edge, errors
from controlplane.rest.console import Console, Place, policy

VERSION = "1.2.3"
INDEX = """<!doctype html><meta name="headgate-nonce" content="{{nonce}}"><meta name="headgate-gateway" content="{{gateway}}">
<meta name="headgate-version" content="{{version}}">"""
SCRIPT = b"console.log('the console')" * 100
SEED = [
    "/",
    "/docs",
    "/swagger",
    "/playground",
    "/deploy",
    "/dashboard",
    "/admin/accounts",
    "/admin/keys",
    "/accounts/acc_1",
    "/index.html",
]


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A build as Vite leaves it, with a secret beside it."""
    made = tmp_path / "web" / "dist"
    (made / "assets").mkdir(parents=True)
    (made / "index.html").write_text(INDEX)
    (made / "favicon.svg").write_text("<svg/>")
    (made / ".stamp").write_text("hidden")
    (made / "assets" / "index-abc123.js").write_bytes(SCRIPT)
    (made / "assets" / "index-abc123.js.gz").write_bytes(gzip.compress(SCRIPT))
    (made / "assets" / "index-abc123.js.br").write_bytes(b"as if by brotli")
    (tmp_path / "web" / "secret.txt").write_text("SECRET")
    (made / "assets" / "out.txt").symlink_to(tmp_path / "web" / "secret.txt")
    return made


@contextlib.asynccontextmanager
async def browser(place: Place) -> AsyncIterator[httpx.AsyncClient]:
    """At an application that has no routes of its own."""
    api = FastAPI(openapi_url=None)
    errors.install(api, ())
    api.router.default = Console(place, VERSION)
    api.add_middleware(edge.Edge, away=lambda _error: False)
    # Its own accept-encoding would be in the way of the tests of ours.
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(api), base_url="http://console.test:8001", headers={"accept-encoding": ""}
    ) as made:
        yield made


def refused(reply: httpx.Response) -> None:
    """As programs hear it: in JSON, not with a page."""
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", SEED)
async def test_every_address_for_people_shows_the_console(dist: Path, path: str) -> None:
    async with browser(Place(dist)) as web:
        reply = await web.get(path)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=()" in reply.headers["permissions-policy"]
        assert f'"headgate-version" content="{VERSION}"' in reply.text
        assert '"headgate-gateway" content="http://console.test:8000"' in reply.text
        head = await web.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == reply.headers["content-length"]


async def test_each_answer_has_a_nonce_of_its_own_and_a_strict_policy(dist: Path) -> None:
    nonces = set()
    async with browser(Place(dist)) as web:
        for _ in range(3):
            reply = await web.get("/")
            (nonce,) = re.findall(r'"headgate-nonce" content="([\w-]{20,})"', reply.text)
            rules = dict(rule.split(" ", 1) for rule in reply.headers["content-security-policy"].split("; "))
            assert rules["default-src"] == "'none'"
            assert rules["script-src"] == "'self'"
            assert rules["style-src"] == f"'self' 'nonce-{nonce}'"
            assert rules["connect-src"] == "'self' http://console.test:8000"
            assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
            assert "unsafe" not in reply.headers["content-security-policy"]
            nonces.add(nonce)
    assert len(nonces) == 3


@pytest.mark.parametrize("path", ["/health/deep", "/ready/", "/metrics/x", "/openapi.json/x", "/assets", "/assets/x", "/no.txt"])
async def test_programs_and_files_get_no_page(dist: Path, path: str) -> None:
    async with browser(Place(dist)) as web:
        refused(await web.get(path))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_only_reading_shows_the_console(dist: Path, method: str) -> None:
    async with browser(Place(dist)) as web:
        refused(await web.request(method, "/accounts"))


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("", None, SCRIPT),
        ("identity", None, SCRIPT),
        ("gzip", "gzip", SCRIPT),
        ("deflate, GZIP ;q=0.5", "gzip", SCRIPT),
        ("gzip;q=0", None, SCRIPT),
        ("gzip;q=0.0, br;q=0.000", None, SCRIPT),
        ("gzip, deflate, br", "br", b"as if by brotli"),
    ],
)
async def test_hashed_files_are_kept_for_ever_and_packed(dist: Path, accepted: str, coding: str | None, body: bytes) -> None:
    async with (
        browser(Place(dist)) as web,
        web.stream("GET", "/assets/index-abc123.js", headers={"accept-encoding": accepted}) as reply,
    ):
        got = b"".join([piece async for piece in reply.aiter_raw()])
        assert (gzip.decompress(got) if coding == "gzip" else got) == body
        assert reply.headers.get("content-encoding") == coding
        assert reply.headers["content-length"] == str(len(got))
        assert reply.headers["content-type"].partition(";")[0] in ("text/javascript", "application/javascript")
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert reply.headers["vary"] == "accept-encoding"
        assert reply.headers["x-content-type-options"] == "nosniff"


async def test_other_files_are_kept_for_an_hour(dist: Path) -> None:
    async with browser(Place(dist)) as web:
        reply = await web.get("/favicon.svg")
        assert (reply.text, reply.headers["cache-control"]) == ("<svg/>", "public, max-age=3600")
        assert (await web.head("/favicon.svg")).content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/../favicon.svg",
        "/..\\secret.txt",
        "/./favicon.svg",
        "//favicon.svg",
        "/assets//index-abc123.js",
        "/assets/out.txt",
        "/.stamp",
        "/assets/.",
        "/favicon.svg/",
        "/favicon.svg\0.txt",
        "/favicon.svg/x.js",
        "/assets/índex.js",
    ],
)
async def test_nothing_outside_the_build_or_hidden_in_it(dist: Path, path: str) -> None:
    """Past every client and server that would tidy the path up."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [],
        "query_string": b"",
        "server": ("127.0.0.1", 1),
        "scheme": "http",
    }
    with contextlib.suppress(HTTPException):
        await Console(Place(dist), VERSION)(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    assert b"SECRET" not in body
    assert not body or b"headgate-nonce" in body, "the page at the most"
    assert b"hidden" not in body


# ---- where the data plane is


@pytest.mark.parametrize(
    ("headers", "gateway"),
    [
        ({"host": "gate.example:9000"}, "http://gate.example:8000"),
        ({"host": "gate.example"}, "http://gate.example:8000"),
        ({"host": "192.0.2.7:8001"}, "http://192.0.2.7:8000"),
        ({"host": "[2001:db8::1]:8001"}, "http://[2001:db8::1]:8000"),
        ({"host": "gate.example", "x-forwarded-proto": "https"}, "https://gate.example:8000"),
        ({"host": 'x"><script>'}, "http://127.0.0.1:8000"),
        ({"host": "evil.example/; script-src *"}, "http://127.0.0.1:8000"),
        ({"host": "user@evil.example"}, "http://127.0.0.1:8000"),
        ({"host": "a" * 254}, "http://127.0.0.1:8000"),
        ({"host": "gate.example:123456"}, "http://127.0.0.1:8000"),
        ({"host": ""}, "http://127.0.0.1:8000"),
    ],
)
async def test_the_gateway_is_at_the_consoles_host(dist: Path, headers: dict[str, str], gateway: str) -> None:
    async with browser(Place(dist, port=8000)) as web:
        reply = await web.get("/", headers=headers)
    assert f'"headgate-gateway" content="{gateway}"' in reply.text
    assert f"connect-src 'self' {gateway};" in reply.headers["content-security-policy"]


async def test_the_gateways_public_address_goes_before(dist: Path) -> None:
    async with browser(Place(dist, public_url='https://me:pw@llm.example/gate?a="&b')) as web:
        reply = await web.get("/")
    assert 'content="https://me:pw@llm.example/gate?a=&quot;&amp;b"' in reply.text
    assert "connect-src 'self' https://llm.example;" in reply.headers["content-security-policy"]


def test_an_address_that_no_rule_can_hold_is_left_out_of_the_policy() -> None:
    assert "connect-src 'self';" in policy("n", "https://llm.example;script-src/")


# ---- while it is not built


async def test_the_plain_page_stands_alone_under_a_strict_policy(tmp_path: Path) -> None:
    async with browser(Place(tmp_path / "dist")) as web:
        reply = await web.get("/admin/keys")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert (reply.headers["refresh"], reply.headers["cache-control"]) == ("5", "no-store")
    page = reply.text
    assert VERSION in page
    assert "The console is not built yet." in page
    assert "make console" in page
    assert "{{" not in page
    assert 'href="/openapi.json"' in page
    assert not re.search(r"<script|<link|<img|style=|\bon\w+=|src=|https?://", page)
    allowed = reply.headers["content-security-policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert allowed.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in allowed


async def test_it_says_why_there_is_no_console_and_becomes_it(tmp_path: Path) -> None:
    (tmp_path / ".failed").write_text("npm packages <cannot> be had")
    async with browser(Place(tmp_path)) as web:
        assert "The console could not be built: npm packages &lt;cannot&gt; be had" in (await web.get("/")).text
        (tmp_path / "index.html").write_text(INDEX)
        reply = await web.get("/")
    assert "headgate-nonce" in reply.text
    assert "refresh" not in reply.headers


def test_the_build_is_looked_for_beside_the_packages() -> None:
    assert Place().dist == Path(cast("str", __file__)).parents[3] / "web" / "dist"
