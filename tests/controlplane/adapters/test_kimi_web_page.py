"""Where the nonce stands, in every spelling of the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.kimi_web.page import Found, challenges, read
from tests.simulators.kimi_web.pages import PAGES

URL = "https://kimi.test/site/chat/"
BASE = "https://kimi.test/site"
AJAX = f"{BASE}/wp-admin/admin-ajax.php"
NONCE = "a1b2c3d4e5"
ADDRESSES = {"moved": f"{BASE}/ajax/", "bare": "", "elsewhere": ""}
WITHOUT = {"malformed", "none", "empty", "challenge"}


@pytest.mark.parametrize("spelling", sorted(PAGES.keys() - WITHOUT))
def test_every_spelling_of_the_page(spelling: str) -> None:
    assert read(PAGES[spelling](NONCE, BASE), URL) == Found(NONCE, ADDRESSES.get(spelling, AJAX))


@pytest.mark.parametrize("spelling", sorted(WITHOUT))
def test_pages_without_a_nonce(spelling: str) -> None:
    assert read(PAGES[spelling](NONCE, BASE), URL) is None


@pytest.mark.parametrize(
    "nonce",
    ["", "a1b2c3d4e", "g1b2c3d4e5", "a1b2c3d4e5\n", "a" * 33, "<script>xx", "a1b2 c3d4e5"],
)
@pytest.mark.parametrize("spelling", ["var", "literal", "bare"])
def test_what_is_not_shaped_like_a_nonce_is_none(spelling: str, nonce: str) -> None:
    assert read(PAGES[spelling](nonce, BASE), URL) is None


@pytest.mark.parametrize("nonce", ["0123456789", "ABCDEF0123", "f" * 32])
def test_both_ends_of_what_a_nonce_may_be(nonce: str) -> None:
    assert read(PAGES["var"](nonce, BASE), URL) == Found(nonce, AJAX)


def test_the_chats_own_nonce_comes_before_any_other() -> None:
    other = '<script>var wpApiSettings = {"root":"x","nonce":"ffffffffff"};</script>'
    for spelling in ("var", "window", "escaped", "literal"):
        assert read(other + PAGES[spelling](NONCE, BASE), URL) == Found(NONCE, AJAX)


def test_a_broken_variable_gives_way_to_the_next_one() -> None:
    text = 'kimi_ajax = {"nonce":7}; kimi_ajax = {broken; kimi_ajax = {"nonce":"a1b2c3d4e5"}'
    assert read(text, URL) == Found(NONCE)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/ajax.php", "https://kimi.test/ajax.php"),
        ("ajax.php", "https://kimi.test/site/chat/ajax.php"),
        ("//kimi.test/ajax.php", "https://kimi.test/ajax.php"),
        ("http://kimi.test/ajax.php", ""),
        ("https://kimi.test:444/ajax.php", ""),
        ("https://kimi.test@evil.test/ajax.php", ""),
        ("https://[broken/ajax.php", ""),
        ("javascript:alert(1)", ""),
        ("/ajax .php", ""),
        ("/ajäx.php", ""),
        ("/" + "x" * 500, ""),
    ],
)
def test_an_address_counts_on_the_same_origin_only(address: str, expected: str) -> None:
    assert read(f'var kimi_ajax = {{"ajax_url":"{address}","nonce":"{NONCE}"}}', URL) == Found(NONCE, expected)


@pytest.mark.parametrize("text", ["kimi_ajax = {" * 2000, 'kimi_ajax = {"a":' + '{"a":' * 3000, '"nonce":"' * 20_000])
def test_pages_made_to_be_hard_are_read_at_once(text: str) -> None:
    assert read(text, URL) is None


@given(st.text(st.sampled_from('kimi_ajx ={}"nonce:;&quot\\/<>a1')))
def test_no_page_breaks_the_reading(text: str) -> None:
    found = read(text + "kimi_ajax = {" + text, URL)
    assert found is None or found.nonce.isalnum()


@pytest.mark.parametrize("spelling", sorted(PAGES))
def test_what_wants_to_see_a_person(spelling: str) -> None:
    assert challenges(PAGES[spelling](NONCE, BASE)) == (spelling == "challenge")
