import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy.proxies import fault, shown


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
@pytest.mark.parametrize("place", ["proxy:1", "user:p%40ss@10.0.0.1:3128", "user@[::1]:1080", "user:@proxy:1/"])
def test_what_is_a_proxy(scheme, place):
    assert fault(f"{scheme}://{place}") == ""


@pytest.mark.parametrize(
    "url",
    [
        "proxy:3128",
        "http://proxy",
        "http://proxy:0",
        "http://proxy:99999",
        "http://:3128",
        "ftp://proxy:1",
        "socks4://proxy:1",
        "http://proxy:1/path",
        "http://proxy:1?q=1",
        "http://proxy:1#f",
        "http://pro xy:1",
        "http://proxy:1\n",
        "http://pröxy:1",
        "http://[::1:1",
        "http://user:***@proxy:1",
        "http://***@proxy:1",
        f"http://user:{'x' * 256}@proxy:1",
        "",
    ],
)
def test_what_is_none(url):
    assert fault(url)
    assert not url or url not in fault(url)


def test_passwords_are_not_shown():
    assert shown("http://user:secret@proxy:1") == "http://user:***@proxy:1"
    assert shown("socks5://:secret@[::1]:1") == "socks5://:***@[::1]:1"
    assert shown("http://user:@proxy:1") == "http://user:***@proxy:1"
    assert shown("http://TOKEN@proxy:1") == "http://***@proxy:1"
    assert shown("http://a@b@proxy:1") == "http://***@proxy:1"
    assert shown("http://[broken") == ""
    assert shown("") == ""


@given(st.text(st.characters(codec="ascii", exclude_characters="/?#[]\\"), min_size=6))
def test_no_password_ever_is(password):
    for url in (f"http://user:{password}MARKED@proxy:1", f"http://{password}MARKED@proxy:1"):
        assert fault(url) or "MARKED" not in shown(url)
