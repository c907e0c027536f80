"""Whom X-Forwarded-For names, however proxies write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.forwarding import Proxies, parsed

PROXIES = Proxies(("10.0.0.0/8", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "1.2.3.4:5555", "1.2.3.4"),
        ("10.0.0.1", "[2001:db8::1]:77", "2001:db8::1"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1", "2001:DB8:0::1", "2001:db8::1"),
        ("10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "[::ffff:1.2.3.4]:77", "1.2.3.4"),
        # What is appended by proxies that are trusted is passed over in any form.
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2:443, [fd00::1]:443, ::ffff:10.0.0.3", "1.2.3.4"),
        ("::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.1:80", "1.2.3.4", "1.2.3.4"),
        # Nothing was appended.
        ("10.0.0.1", "1.2.3.4,", "1.2.3.4"),
        ("10.0.0.1", "1.2.3.4, , 10.0.0.2,,", "1.2.3.4"),
        ("10.0.0.1", ",", "10.0.0.1"),
        # No proxy of ours.
        ("::ffff:9.9.9.9", "1.2.3.4", "9.9.9.9"),
        ("9.9.9.9", "1.2.3.4,", "9.9.9.9"),
        # No addresses.
        ("10.0.0.1", "1.2.3.4, unknown", "unknown"),
        ("10.0.0.1", "1.2.3.4, host:80", "host:80"),
        ("10.0.0.1", "1.2.3.4, [::1", "[::1"),
        ("10.0.0.1", "1.2.3.4, [10.0.0.2]x", "[10.0.0.2]x"),
        ("10.0.0.1", "1.2.3.4, 10.0.0.2:", "10.0.0.2:"),
        ("", "1.2.3.4", ""),
    ],
)
def test_the_client(peer, forwarded, address):
    assert PROXIES.client(peer, forwarded) == address


@pytest.mark.parametrize("trusted", ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:10.0.0.0/104", "0.0.0.0/0", "::ffff:0:0/96"])
@pytest.mark.parametrize("peer", ["::ffff:10.0.0.1", "[::ffff:a00:1]:80"])
def test_a_mapped_proxy_is_trusted_in_both_forms(trusted, peer):
    assert Proxies((trusted,)).client(peer, "1.2.3.4") == "1.2.3.4"


def test_nobody_is_trusted_unasked():
    assert Proxies(()).client("::ffff:1.2.3.4", "6.6.6.6") == "1.2.3.4"
    assert Proxies(()).client("1.2.3.4", "6.6.6.6") == "1.2.3.4"


@given(st.ip_addresses(), st.integers(1, 65535))
def test_an_address_is_the_same_with_its_port(address, port):
    written = f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
    assert parsed(written) == parsed(str(address)) == (getattr(address, "ipv4_mapped", None) or address)


@given(st.text(alphabet="0123456789abcdef.:[], %", max_size=30), st.text(alphabet="0123456789abcdef.:[], %", max_size=60))
def test_nonsense_is_no_defect(peer, forwarded):
    PROXIES.client(peer, forwarded)
    parsed(peer)
