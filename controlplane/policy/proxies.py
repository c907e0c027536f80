"""Addresses of proxies: what one looks like, and how it is shown.

They hold passwords, so no error repeats any part of one. A user without a password may be a token, and is one here.
"""

from urllib.parse import SplitResult, urlsplit

SCHEMES = ("http", "https", "socks5", "socks5h")
MASK = "***"
FORM = "is not http://, https:// or socks5:// with [user:password@]host:port and nothing behind"
MASKED = "holds a masked password; give it whole"
# What SOCKS carries of a user and of a password (RFC 1929), in bytes; "%40" stands for one.
LONGEST_PART = 255


def fault(url: str) -> str:
    """What is wrong with a proxy's address, as a phrase behind its name; empty: nothing."""
    parts = _split(url)
    if parts is None or parts.scheme not in SCHEMES or not parts.hostname or not parts.port:
        return FORM
    if parts.path not in ("", "/") or "?" in url or "#" in url or not (url.isascii() and url.isprintable() and " " not in url):
        return FORM
    if len(parts.username or "") > LONGEST_PART or len(parts.password or "") > LONGEST_PART:
        return f"holds a user or a password of more than {LONGEST_PART} characters"
    return MASKED if MASK in (parts.username, parts.password) else ""


def shown(url: str) -> str:
    """The address without its secret; of what is no address, nothing."""
    parts = _split(url)
    if parts is None or not (parts.username or parts.password):
        return "" if parts is None else url
    secret = MASK if parts.password is None else f"{parts.username or ''}:{MASK}"
    return parts._replace(netloc=f"{secret}@{parts.netloc.rpartition('@')[2]}").geturl()


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError where it is none
    except ValueError:
        return None
    return parts
