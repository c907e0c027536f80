"""The chat page in every spelling that clients of it have met, and pages that stand in its place."""

import html
import json
from collections.abc import Callable

Page = Callable[[str, str], str]

AJAX_PATH = "/wp-admin/admin-ajax.php"
MOVED_PATH = "/ajax/"

DECOY = '<script>var other = {"nonce":"not-hexadecimal"};</script>'


def page(spelling: str, nonce: str, base: str) -> str:
    """Raises KeyError for a spelling that is not known."""
    return PAGES[spelling](nonce, base)


def posts_to(spelling: str) -> str:
    """The one path that takes messages while the page is spelled so."""
    return MOVED_PATH if spelling == "moved" else AJAX_PATH


def _document(script: str, title: str = "Kimi AI Chat") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><div id='kimi-chat'></div>{script}</body></html>"


def _object(nonce: str, base: str) -> str:
    return json.dumps({"ajax_url": base + AJAX_PATH, "nonce": nonce}).replace("/", "\\/")


def _script(form: str) -> Page:
    return lambda nonce, base: _document(f"{DECOY}<script id='kimi-js-extra'>{form.format(_object(nonce, base))}</script>")


def _escaped(nonce: str, base: str) -> str:
    return _document(f'{DECOY}<div data-script="var kimi_ajax = {html.escape(_object(nonce, base))};"></div>')


def _literal(nonce: str, base: str) -> str:
    return _document(f"<script>kimi_ajax = {{ajax_url: '{base}{AJAX_PATH}', nonce: '{nonce}'}}</script>")


def _elsewhere(nonce: str, _: str) -> str:
    return _document(f"<script>var kimi_ajax = {_object(nonce, 'https://elsewhere.test')};</script>")


def _moved(nonce: str, base: str) -> str:
    return _document(f"<script>var kimi_ajax = {json.dumps({'ajax_url': base + MOVED_PATH, 'nonce': nonce})};</script>")


def _malformed(nonce: str, _: str) -> str:
    return _document(f'<script>var kimi_ajax = {{"nonce":"{nonce}!<b>"}};</script>')


def challenge(_nonce: str = "", _base: str = "") -> str:
    return _document("<noscript>Enable JavaScript and cookies to continue</noscript><div id='cf-chl-widget'></div>", "Just a moment...")


PAGES: dict[str, Page] = {
    "var": _script("/* <![CDATA[ */\nvar kimi_ajax = {};\n/* ]]> */"),
    "window": _script("window.kimi_ajax={};"),
    "spaced": _script("var\tkimi_ajax\n  =\n\t{} ;"),
    "no-semicolon": _script("let kimi_ajax = {}"),
    "escaped": _escaped,
    "literal": _literal,
    "bare": _script("window['settings'] = {};"),
    "elsewhere": _elsewhere,
    "moved": _moved,
    "malformed": _malformed,
    "none": lambda _nonce, _base: _document("<p>Nothing here.</p>"),
    "empty": lambda _nonce, _base: "",
    "challenge": challenge,
}
