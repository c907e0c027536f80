"""Refusals as the site and what stands before it word them."""

from collections.abc import Mapping

from tests.simulators.kimi_web.pages import challenge


def _cloudflare(status: int, words: str) -> str:
    return f"<!DOCTYPE html><html><head><title>kimi-ai.chat | {status}: {words}</title></head><body><div id='cf-error-details'>{words}</div></body></html>"


# Bodies by status, for faults that bring none.
BODIES: Mapping[int, str] = {
    400: "0",
    401: "<html><body>Unauthorized</body></html>",
    403: "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>Sorry, you have been blocked</body></html>",
    404: "<html><body>Page not found</body></html>",
    413: "<html><body>Request Entity Too Large</body></html>",
    429: _cloudflare(429, "You are being rate limited"),
    500: "<html><body>There has been a critical error on this website.</body></html>",
    502: _cloudflare(502, "Bad gateway"),
    503: challenge(),
    504: "<html><body>504 Gateway Time-out</body></html>",
    520: _cloudflare(520, "Web server is returning an unknown error"),
    521: _cloudflare(521, "Web server is down"),
    522: _cloudflare(522, "Connection timed out"),
    523: _cloudflare(523, "Origin is unreachable"),
    524: _cloudflare(524, "A timeout occurred"),
}

# How a nonce that is not taken is answered: status and body.
DENIALS: Mapping[str, tuple[int, str]] = {
    "minus-one": (403, "-1"),
    "zero": (200, "0"),
    "minus-one-200": (200, "-1"),
    "bare": (403, ""),
    "text": (200, '{"success":false,"data":"Invalid nonce"}'),
    "message": (200, '{"success":false,"data":{"message":"Security check failed: nonce expired"}}'),
    "page": (403, "<!DOCTYPE html><html><body>The link you followed has expired.</body></html>"),
}
