"""What is said to proxies, without any: addresses, and handshakes cut at each place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.policy import proxies
from dataplane.clients.http1 import Unreachable
from dataplane.clients.proxying import HEAD_BYTES, REPLIES, STATUSES, Connect, Proxy, Socks, parse
from tests.dataplane.chunking import cuttings

PLAIN = Proxy("http", "proxy", 3128)
NAMED = Proxy("http", "proxy", 3128, b"us:er", b"p@ss")


def talked(make, data):
    """What a handshake says to `data`, which is the same however it is cut, and whether it has ended; or its refusal."""
    outcomes = {outcome(make(), pieces) for pieces in cuttings(data)}
    assert len(outcomes) == 1
    return outcomes.pop()


def outcome(handshake, pieces):
    said = b""
    try:
        for piece in pieces:
            said += handshake.feed(piece)
    except Unreachable as refusal:
        return str(refusal)
    return said, handshake.ended


# ---- addresses


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://proxy:3128", Proxy("http", "proxy", 3128)),
        ("HTTP://Proxy:1/", Proxy("http", "proxy", 1)),
        ("https://u:p@10.0.0.1:443", Proxy("https", "10.0.0.1", 443, b"u", b"p")),
        ("socks5://us%3Aer:p%40ss@[::1]:1080", Proxy("socks5", "::1", 1080, b"us:er", b"p@ss")),
        ("socks5h://user@proxy:1", Proxy("socks5h", "proxy", 1, b"user")),
        ("socks5://:p@proxy:1", Proxy("socks5", "proxy", 1, b"", b"p")),
        ("http://u:%C3%A4%ff@proxy:1", Proxy("http", "proxy", 1, b"u", b"\xc3\xa4\xff")),
        ("http://u:p:q@proxy:1", Proxy("http", "proxy", 1, b"u", b"p:q")),
    ],
)
def test_an_address(url, expected):
    assert parse(url) == expected
    assert parse(url) is parse(url)
    assert proxies.fault(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "proxy:3128",
        "//proxy:3128",
        "http://",
        "http://proxy",
        "http://proxy:0",
        "http://proxy:99999",
        "http://proxy:x",
        "http://:3128",
        "ftp://proxy:1",
        "socks4://proxy:1",
        "http://proxy:1/path",
        "http://proxy:1?",
        "http://proxy:1#",
        "http://pro xy:1",
        "http://proxy:1\n",
        "\thttp://proxy:1",
        "http://pr\xf6xy:1",
        "http://[::1:1",
        f"http://u:{'x' * 256}@proxy:1",
        "http://user:sec/ret@proxy:1",
        "http://user:sec?ret@proxy:1",
    ],
)
def test_what_is_no_address(url):
    with pytest.raises(Unreachable) as caught:
        parse(url)
    assert str(caught.value) == "the address of the account's proxy is not valid"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "the reason quotes the address"
    assert proxies.fault(url)


@given(
    st.sampled_from(["http", "https", "socks5", "socks5h", "socks4"]),
    st.text(st.sampled_from("ab:%@/?#[]0_ \n*"), max_size=12),
    st.sampled_from(["proxy", "[::1]", "10.0.0.1", "", "a b"]),
    st.sampled_from([":1", ":", "", ":65536", ":1/", ":1/x"]),
)
def test_what_accounts_may_have_can_be_used(scheme, login, host, port):
    url = f"{scheme}://{login}@{host}{port}" if login else f"{scheme}://{host}{port}"
    if not proxies.fault(url):
        assert parse(url).scheme == scheme


def test_passwords_are_not_shown():
    found = parse("socks5://somebody:hush@proxy:1")
    assert "hush" not in repr(found)
    assert "somebody" not in repr(found)


# ---- CONNECT


def test_a_tunnel_is_asked_for():
    assert Connect(PLAIN, "a.test", 443).opening == b"CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n"
    assert Connect(PLAIN, "::1", 8443).opening == b"CONNECT [::1]:8443 HTTP/1.1\r\nhost: [::1]:8443\r\n\r\n"
    signed = b"CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\nproxy-authorization: Basic dXM6ZXI6cEBzcw==\r\n\r\n"
    assert Connect(NAMED, "a.test", 443).opening == signed


def connect():
    return Connect(NAMED, "a.test", 443)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 Connection established\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nvia: x\r\ncontent-length: 5\r\n\r\n",
        b"HTTP/1.1 204\r\n\r\n",
        b"HTTP/1.1 200 OK\nvia: x\n\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_a_tunnel_is_open(answer):
    assert talked(connect, answer) == (b"", True)


@pytest.mark.parametrize("status", [301, 400, 403, 407, 502, 599])
def test_a_tunnel_is_refused(status):
    refusal = talked(connect, b"HTTP/1.1 %d No\r\nx-said: dXM6ZXI6cEBzcw==\r\n\r\n" % status)
    assert refusal.startswith("the proxy ")
    assert STATUSES.get(status, "refuses") in refusal
    assert f"status {status}" in refusal
    assert "dXM6" not in refusal


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-x\r\n",
        b"\5\0",
        b"\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 ok\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nx: " + b"x" * HEAD_BYTES,
    ],
)
def test_nonsense_instead_of_a_tunnel(answer):
    assert outcome(connect(), [answer]) == "the proxy answers nonsense"
    assert outcome(connect(), [answer[:5], answer[5:]]) == "the proxy answers nonsense"


def test_who_speaks_first_in_a_tunnel_is_no_upstream():
    assert outcome(connect(), [b"HTTP/1.1 200 OK\r\n\r\nx"]) == "the proxy answers nonsense"
    assert outcome(connect(), [b"HTTP/1.1 200 OK\r\n\r\n", b"x"]) == "the proxy answers nonsense"


# ---- SOCKS


def socks(login=True, host="a.test"):
    return Socks(NAMED if login else PLAIN, host, 443)


SIGN_IN = b"\1\5us:er\4p@ss"
PLACES = {
    "a.test": b"\3\6a.test\1\xbb",
    "127.0.0.1": b"\1\x7f\0\0\1\1\xbb",
    "::1": b"\4" + bytes(15) + b"\1\1\xbb",
}
BOUND = [b"\1\x7f\0\0\1\0\x50", b"\4" + bytes(16) + b"\0\x50", b"\3\4here\0\x50", b"\3\0\0\x50"]


@pytest.mark.parametrize("host", PLACES)
@pytest.mark.parametrize("bound", BOUND)
def test_a_way_without_sign_in(host, bound):
    asked = b"\5\1\0" + PLACES[host]
    assert socks(login=False).opening == b"\5\1\0"
    assert talked(lambda: socks(login=False, host=host), b"\5\0" + b"\5\0\0" + bound) == (asked, True)
    assert talked(lambda: socks(login=False, host=host), b"\5\0" + (b"\5\0\0" + bound)[:-1]) == (asked, False)


@pytest.mark.parametrize("bound", BOUND)
def test_a_way_with_sign_in(bound):
    asked = b"\5\1\0" + PLACES["a.test"]
    assert socks().opening == b"\5\2\0\2"
    assert talked(socks, b"\5\2" + b"\1\0" + b"\5\0\0" + bound) == (SIGN_IN + asked, True)
    # Who knows us by our address need not be told more.
    assert talked(socks, b"\5\0" + b"\5\0\0" + bound) == (asked, True)


def test_a_user_without_a_password():
    handshake = Socks(Proxy("socks5", "proxy", 1, b"user"), "a.test", 443)
    assert handshake.feed(b"\5\2") == b"\1\4user\0"


@pytest.mark.parametrize(
    ("login", "came", "refusal"),
    [
        (True, b"\5\2\1\1", "the proxy refuses the user or the password"),
        (True, b"\5\xff", "the proxy takes neither a user and a password nor none"),
        (False, b"\5\xff", "the proxy wants a user and a password"),
        (False, b"\5\0\5\5", "the proxy was refused by the upstream (SOCKS reply 5)"),
        (False, b"\5\0\5\x63", "the proxy refuses for a reason of its own (SOCKS reply 99)"),
    ],
)
def test_a_refusal(login, came, refusal):
    assert talked(lambda: socks(login), came) == refusal


@pytest.mark.parametrize("reply", REPLIES)
def test_each_reply_is_known(reply):
    assert outcome(socks(), [b"\5\0\5" + bytes((reply,))]) == f"the proxy {REPLIES[reply]} (SOCKS reply {reply})"


@pytest.mark.parametrize(
    "came",
    [
        b"HT",  # another protocol
        b"\4\0",
        b"\5\1",  # a sign-in that was not offered
        b"\5\2",
        b"\5\0" + b"\4\0",
        b"\5\0" + b"\5\0\0\2\0",  # no kind of address
        b"\5\0" + b"\5\0\0\1\0\0\0\0\0\0" + b"x",
    ],
)
def test_nonsense_instead_of_a_way(came):
    assert talked(lambda: socks(login=False), came) == "the proxy answers nonsense"


def test_a_name_too_long_for_socks():
    assert Socks(PLAIN, "a" * 255, 443).feed(b"\5\0")[4] == 255
    with pytest.raises(Unreachable, match="too long"):
        Socks(PLAIN, "a" * 256, 443)


@given(st.binary(max_size=80))
def test_whatever_comes_is_an_answer_or_a_refusal(data):
    for make in (connect, socks, lambda: socks(login=False)):
        talked(make, data)
