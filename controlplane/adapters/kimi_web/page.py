"""Where the chat page keeps its nonce (Kimi wire notes, section 1, nonce).

Clients of the same page found it in several spellings; each is a row of PATTERNS.
"""

import html
import json
import re
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

# WordPress cuts its nonces to ten characters; some plug-ins make whole hashes of them.
_is_nonce = re.compile(r"[0-9a-fA-F]{10,32}").fullmatch
# Of the script's variable, up to where its object begins.
_VARIABLE = re.compile(r"\bkimi_ajax\s*=\s*(?=\{)")
# The object of no variable: the first nonce that the page names.
_BARE = re.compile(r"""["']?\bnonce["']?\s*:\s*["']([^"']*)["']""")
# The same within an object that is script, but no JSON.
_BARE_URL = re.compile(r"""["']?\bajax_url["']?\s*:\s*["']([^"']*)["']""")
# Where a message can be sent to; what is longer or holds anything else is no address.
_is_address = re.compile(r"[!-~]{1,500}").fullmatch
# An object of a handful of texts; what goes on for longer is not it.
LONGEST_OBJECT = 8192


class Found(NamedTuple):
    """`ajax_url`: where the page's script posts, "" where it does not say."""

    nonce: str
    ajax_url: str = ""


def read(text: str, url: str) -> Found | None:
    """The nonce of the page at `url`; None where it shows none."""
    readings = (text, html.unescape(text))
    for pattern in PATTERNS:
        for reading in readings:
            if found := pattern(reading):
                return found._replace(ajax_url=_same_origin(found.ajax_url, url))
    return None


def challenges(text: str) -> bool:
    """Whether a page without a nonce wants to see a person."""
    lower = text.lower()
    return any(mark in lower for mark in CHALLENGES)


def _assigned(text: str) -> Found | None:
    """kimi_ajax = {...}: with var, with window. or with neither, and any white space."""
    for variable in _VARIABLE.finditer(text):
        value = _object(text[variable.end() : variable.end() + LONGEST_OBJECT])
        if value is not None and _is_nonce(nonce := _text(value, "nonce")):
            return Found(nonce, _text(value, "ajax_url"))
    return None


def _literal(text: str) -> Found | None:
    """The same variable as a script's own object: keys without quotes, single quotes."""
    for variable in _VARIABLE.finditer(text):
        inner = text[variable.end() : variable.end() + LONGEST_OBJECT].partition("}")[0]
        nonce, address = _BARE.search(inner), _BARE_URL.search(inner)
        if nonce and _is_nonce(nonce[1]):
            return Found(nonce[1], address[1].replace("\\/", "/") if address else "")
    return None


def _named(text: str) -> Found | None:
    """The first that the page names anywhere."""
    nonces = (found[1] for found in _BARE.finditer(text))
    return next((Found(nonce) for nonce in nonces if _is_nonce(nonce)), None)


def _object(text: str) -> dict[str, Any] | None:
    try:
        value, _ = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: dict[str, Any], name: str) -> str:
    member = value.get(name)
    return member if isinstance(member, str) else ""


def _same_origin(address: str, url: str) -> str:
    """The address, whole, if it is of the page's origin; what would lead elsewhere is not followed."""
    try:
        whole = urljoin(url, address) if address else ""
        same = urlsplit(whole)[:2] == urlsplit(url)[:2]
    except ValueError:
        return ""
    return whole if same and _is_address(whole) else ""


# The first that finds a nonce is believed.
PATTERNS = (_assigned, _literal, _named)
# Words of pages that check who is asking, in lower case.
CHALLENGES = (
    "just a moment",
    "attention required",
    "you have been blocked",
    "enable javascript and cookies",
    "checking your browser",
    "verify you are human",
    "cf-chl",
    "cf_chl",
    "captcha",
)
