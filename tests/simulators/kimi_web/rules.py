"""What the site takes: the form of a post. A rule gives its name and what is answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from tests.simulators.kimi_web.faults import BODIES, DENIALS
from tests.simulators.kimi_web.pages import challenge, posts_to
from tests.simulators.kimi_web.state import State

MODELS = ("moonshotai/Kimi-K2-Instruct-0905", "moonshotai/Kimi-K2-Instruct")
FIELDS = ("action", "nonce", "message", "model", "session_id")
CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Rejection:
    rule: str
    status: int
    body: str


def browser(headers: Mapping[str, str]) -> Rejection | None:
    """Of the page as well as of posts."""
    return None if headers.get("user-agent", "").startswith("Mozilla/5.0 (") else Rejection("user-agent", 403, challenge())


def place(path: str, state: State) -> Rejection | None:
    """Messages go where the page says."""
    return None if path == posts_to(state.settings.page) else Rejection("path", 404, BODIES[404])


def form(raw: bytes) -> list[tuple[str, str]] | None:
    """The fields in their order; None where that is no form in UTF-8."""
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return None


def judge(headers: Mapping[str, str], fields: list[tuple[str, str]] | None, state: State) -> Rejection | None:
    """The first rule that the post breaks."""
    if rejection := browser(headers):
        return rejection
    if headers.get("content-type", "").lower() != CONTENT_TYPE:
        return Rejection("content-type", 400, "0")
    if fields is None or sorted(name for name, _ in fields) != sorted(FIELDS):
        return Rejection("fields", 400, "0")
    given = dict(fields)
    if given["action"] != "kimi_send_message":
        return Rejection("action", 400, "0")
    if state.known(given["nonce"]) != "good":
        return Rejection("nonce", *DENIALS[state.settings.denial])
    return _content(given, state)


def _content(given: Mapping[str, str], state: State) -> Rejection | None:
    if not given["message"].strip():
        return _failed("message", "Message is required.")
    if len(given["message"]) > state.settings.most_characters:
        return _failed("length", "Your message is too long.")
    if given["model"] not in MODELS:
        return _failed("model", "Invalid model selected.")
    if not SESSION.fullmatch(given["session_id"]):
        return _failed("session", "Invalid request.")
    return None


def _failed(rule: str, words: str) -> Rejection:
    return Rejection(rule, 200, f'{{"success":false,"data":{{"message":"{words}"}}}}')


SESSION = re.compile(r"session_\d{13}_[0-9a-z]{9}")
