"""`headgate explain REQUEST_ID`: what became of a request and why, asked of the control plane's REST."""

import getpass
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from headgate import addresses, options
from headgate import settings as s
from headgate.cli import explanation
from headgate.settings import SettingsError, load, setting

UNKNOWN = 1
UNASKED = 2
ANSWER_SECONDS = 15.0
ACCOUNTS = 500  # labels that are fetched; others are shown by their id


@dataclass(frozen=True)
class Settings:
    """Where the console is; meanings: headgate/options.py."""

    host: str = setting(options.HOST)
    console_port: int = setting(options.CONSOLE_PORT)
    console_url: str | None = setting(options.CONSOLE_URL)
    admin_password: str | None = setting(options.ADMIN_PASSWORD)


class Unanswered(Exception):
    """The console did not give what it was asked for; `code` is the command's exit code."""

    def __init__(self, message: str, code: int = UNASKED) -> None:
        super().__init__(message)
        self.code = code


def run(request_id: str, environ: Mapping[str, str], url: str | None, password_file: str | None, *, raw: bool) -> int:
    """Print the explanation; returns the exit code. Raises SettingsError."""
    settings = load(Settings, environ)
    place = _address(url) if url else settings.console_url or addresses.url(settings.host, settings.console_port)
    try:
        console = Console(place, _password(settings.admin_password, password_file))
        text = console.ask(f"/api/requests/{quote(request_id, safe='')}", absent=f"there is no request {request_id!r}")
        print(text if raw else _explained(console, json.loads(text)))
    except Unanswered as fault:
        print(f"headgate: {fault}", file=sys.stderr)
        return fault.code
    except (ValueError, KeyError, TypeError) as error:
        print(f"headgate: {place} answers what is no request of this release ({type(error).__name__})", file=sys.stderr)
        return UNASKED
    return 0


class Console:
    """The control plane's REST, as the administrator asks it."""

    def __init__(self, url: str, password: str) -> None:
        self._url = url
        # Headers are latin-1 to the HTTP library; what is meant by them is UTF-8.
        self._authorization = f"Bearer {password}".encode().decode("latin-1")
        self._opener = build_opener(ProxyHandler({}), _Nowhere())

    def ask(self, path: str, absent: str) -> str:
        """The answer's text. Raises Unanswered, with `absent` for what is not there."""
        request = Request(self._url + path, headers={"authorization": self._authorization, "accept": "application/json"})  # noqa: S310 - the scheme was checked
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as reply:
                return str(reply.read().decode())
        except HTTPError as error:
            with error:
                self._fail(error.code, _said(error.read()), absent)
        except (URLError, OSError) as error:
            why = getattr(error, "reason", error)
            raise Unanswered(f"the control plane does not answer at {self._url} ({why}); --url names another place") from None

    def _fail(self, status: int, error: Mapping[str, Any], absent: str) -> NoReturn:
        if status == 404 and error.get("code") == "not_found":
            raise Unanswered(absent, UNKNOWN)
        raise Unanswered(f"{self._url} answers {status}: {explanation.plain(error.get('message') or 'nothing that says why')}")


class _Nowhere(HTTPRedirectHandler):
    """Follows nobody: a redirect would carry the password elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _explained(console: Console, row: Mapping[str, Any]) -> str:
    return explanation.text(row, _key(console, row["keyId"]), _labels(console))


def _key(console: Console, key_id: str) -> Mapping[str, Any]:
    """The key as it is now; only its id when it is no managed one, or is gone."""
    try:
        return dict(json.loads(console.ask(f"/api/keys/{quote(key_id, safe='')}", absent="")))
    except Unanswered as fault:
        if fault.code == UNKNOWN:
            return {"id": key_id}
        raise


def _labels(console: Console) -> Mapping[str, str]:
    """What accounts are called, by id."""
    listed = json.loads(console.ask(f"/api/accounts?limit={ACCOUNTS}", absent="there is no list of accounts"))
    return {account["id"]: account["label"] for account in listed["accounts"]}


def _address(url: str) -> str:
    try:
        return s.url(url)
    except ValueError as error:
        raise SettingsError([f"--url: {url!r} {error}"]) from None


def _password(configured: str | None, file: str | None) -> str:
    """From the file, else the environment, else whoever sits at the terminal. Raises Unanswered, SettingsError."""
    password = _read(file) if file else configured
    if not password and sys.stdin.isatty():
        password = getpass.getpass("Administrator's password: ")
    if not password:
        raise Unanswered("the administrator's password is needed: set ADMIN_PASSWORD, or name its file with --password-file")
    if not password.isprintable():
        raise Unanswered("the administrator's password holds a character that cannot be sent")
    return password


def _read(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"--password-file: {file} cannot be read ({type(error).__name__})"]) from None


def _said(body: bytes) -> Mapping[str, Any]:
    """The error of an answer in the console's shape; empty for any other."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
