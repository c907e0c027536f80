"""Who asks, when proxies stand between: the client's address from X-Forwarded-For, as far as it can be believed."""

import ipaddress
import re
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Proxies:
    """The proxies whose X-Forwarded-For is believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in trusted]

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is no trusted proxy; `peer` when it is none itself. Without port and brackets,
        and an IPv4 address as such; what is no address as it was written.

        `forwarded` is the X-Forwarded-For header: each proxy appends whom it heard from, so only
        the right end, as far as proxies are trusted, is more than a claim.
        """
        address = peer
        for hop in reversed(forwarded.split(",")) if forwarded else ():
            if not self._trusts(address):
                break
            address = hop.strip() or address  # a proxy that appended nothing
        # With no colon there is neither a port nor anything to map: most requests are not looked at closer.
        return str(parsed(address) or address) if ":" in address else address

    def trusts(self, address: str) -> bool:
        """Whether what this peer says about its clients is believed."""
        return self._trusts(address)

    def _trusts(self, address: str) -> bool:
        found = _written(address) if self._networks else None
        if found is None:
            return False
        # Networks may be written in either form of an IPv4 address, and ::/0 is everybody.
        plain = _plain(found)
        return any(found in network or plain in network for network in self._networks)


def parsed(text: str) -> Address | None:
    """The address of a peer or of an entry of X-Forwarded-For, with or without a port; None when it is none.
    On a listener for both families, IPv4 clients come as ::ffff:192.0.2.1: they are told as IPv4.
    """
    found = _written(text)
    return None if found is None else _plain(found)


def _written(text: str) -> Address | None:
    ported = PORTED.fullmatch(text)
    try:
        return ipaddress.ip_address((ported[1] or ported[2]) if ported else text)
    except ValueError:
        return None


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


# [2001:db8::1]:443, [2001:db8::1], 192.0.2.1:443
PORTED = re.compile(r"\[([^\[\]]+)\](?::[0-9]{1,5})?|([^:]+):[0-9]{1,5}")
