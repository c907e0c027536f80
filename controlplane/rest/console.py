"""What people see in a browser: the console's build, or a plain page while there is none.

It answers every address that no route takes. Pages of the console are made in the browser, so each of
their addresses is the same `index.html`; what has a dot in its last part is a file.
"""

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from fastapi import Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

import headgate


@dataclass(frozen=True)
class Place:
    """Where the build lies, and where clients connect: at `public_url`, else at `port` of the host by which the console was reached."""

    dist: Path = Path(headgate.__file__).parents[1] / "web" / "dist"
    public_url: str | None = None
    port: int = 8000

    def index(self) -> str | None:
        """The console's one page, None when it is not built."""
        return _text(self.dist / "index.html")

    def failure(self) -> str | None:
        """Why it could not be built, None when nobody has tried in vain."""
        return _text(self.dist / ".failed")

    def file(self, path: str) -> Path | None:
        """A file of the build; None when there is none, or it is hidden, or not below `dist`."""
        if not FILE.fullmatch(path):
            return None
        found = (self.dist / path[1:]).resolve()
        return found if found.is_relative_to(self.dist.resolve()) and found.is_file() else None

    def gateway(self, request: Request) -> str:
        """The data plane's address as the browser that asks can reach it."""
        if self.public_url:
            return self.public_url
        named = HOST.fullmatch(request.headers.get("host", ""))
        host = named[1] if named else "127.0.0.1"
        # Whoever claims this hears it alone, so that it need not be a proxy we trust.
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        return f"{'https' if secure else 'http'}://{host}:{self.port}"


class Console:
    """The application behind all routes. Raises HTTPException for what it does not have."""

    def __init__(self, place: Place, version: str) -> None:
        self._place = place
        self._version = version

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        request = Request(scope)
        response = self._page(request) if _shown(scope["path"]) else self._file(request)
        if scope["method"] == "HEAD":
            response.body = b""  # its length stays in the headers
        await response(scope, receive, send)

    def _page(self, request: Request) -> Response:
        index = self._place.index()
        if index is None:
            return _plain(self._version, self._place.failure())
        nonce, gateway = secrets.token_urlsafe(16), self._place.gateway(request)
        for name, value in (("nonce", nonce), ("gateway", gateway), ("version", self._version)):
            index = index.replace(f"{{{{{name}}}}}", html.escape(value))
        return HTMLResponse(index, headers={**UNSHARED, "content-security-policy": policy(nonce, gateway)})

    def _file(self, request: Request) -> Response:
        found = self._place.file(request.scope["path"])
        if found is None:
            raise HTTPException(404)
        packed, coding = _packed(found, request.headers.get("accept-encoding", ""))
        hashed = request.scope["path"].startswith("/assets/")
        headers = {"cache-control": FOR_EVER if hashed else AN_HOUR, "vary": "accept-encoding"}
        # FileResponse looks at the name of the file for its type, and so is told the packed file's path apart.
        response = FileResponse(found, headers=headers | ({"content-encoding": coding} if coding else {}))
        response.path = packed
        return response


def policy(nonce: str, gateway: str) -> str:
    """What the console's page may load: its own files, style elements with `nonce`, and answers of `gateway`."""
    named = ORIGIN.match(gateway)
    rules = {**POLICY, "style-src": f"'self' 'nonce-{nonce}'", "connect-src": f"'self' {named[1]}{named[2]}" if named else "'self'"}
    return "; ".join(f"{name} {allowed}" for name, allowed in rules.items())


def _shown(path: str) -> bool:
    """Whether people see the console there. Raises HTTPException where programs expect to hear that there is nothing."""
    first, *_ = path[1:].split("/", 1)
    if first in PROGRAMS:
        raise HTTPException(404)
    return path == "/index.html" or (first != "assets" and "." not in path.rpartition("/")[2])


def _packed(file: Path, accepted: str) -> tuple[Path, str | None]:
    """The smallest form of `file` that the browser takes, and how it is coded."""
    tokens = [each.replace(" ", "").lower() for each in accepted.split(",")]
    for ending, coding in ((".br", "br"), (".gz", "gzip")):
        packed = file.with_name(file.name + ending)
        if any(token.partition(";")[0] == coding and not NEVER.search(token) for token in tokens) and packed.is_file():
            return packed, coding
    return file, None


def _plain(version: str, failure: str | None) -> Response:
    """The page without the console. It asks again by itself, for somebody may be building."""
    text, allowed = _plain_text()
    state = f"The console could not be built: {failure}" if failure else "The console is not built yet."
    text = text.replace("{{version}}", html.escape(version)).replace("{{state}}", html.escape(state))
    return HTMLResponse(text, headers={**UNSHARED, "content-security-policy": allowed, "refresh": "5"})


@cache
def _plain_text() -> tuple[str, str]:
    """The page and a policy that allows nothing but the page's own style, by its hash."""
    text = files("controlplane.rest").joinpath("page.html").read_text("utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return text, allowed


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except OSError:
        return None


PROGRAMS = frozenset({"api", "openapi.json", "health", "ready", "metrics"})
# Every part begins with what is neither a dot nor a slash, so that none leads upwards and none is hidden.
FILE = re.compile(r"(?:/[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*)+")
# The name before the port, which is not repeated: it may be anything that a browser was told.
HOST = re.compile(r"((?=.{1,253}(?::|$))[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?", re.ASCII)
# Scheme, and host with port, without a name and password before it.
ORIGIN = re.compile(r"(https?://)(?:[^/?#@]*@)?([A-Za-z0-9_.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?)(?=[/?#]|$)", re.ASCII)
NEVER = re.compile(r";q=0(?:\.0*)?$")
FOR_EVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
UNSHARED = {
    "cache-control": "no-store",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
