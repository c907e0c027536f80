"""Who may do what, by method and path; the one place that says so.

What is not named here: everybody who is signed in may read it, administrators may change it.
"""

import re
from collections.abc import Sequence

from controlplane.domain.user import Role

READS = frozenset({"GET", "HEAD"})


def writes(method: str) -> bool:
    """Whether such a request may change something."""
    return method not in READS


def open_to_all(method: str, path: str) -> bool:
    """Whether nobody needs to be signed in."""
    return any(method in methods and path == name for methods, name in OPEN)


def allowed(role: Role, method: str, path: str) -> bool:
    """Whether somebody in this role may ask for this."""
    if role is Role.ADMIN:
        return True
    if any(pattern.match(path) for pattern in ADMINISTRATORS_ONLY):
        return False
    return not writes(method) or any(method == one and pattern.fullmatch(path) for one, pattern in VIEWERS_WRITE)


def untold(role: Role) -> Sequence[str]:
    """Actions, or their first halves, of which the audit log tells this role nothing."""
    return () if role is Role.ADMIN else UNTOLD


OPEN: Sequence[tuple[frozenset[str], str]] = (
    (READS, "/api/proxy/status"),
    (READS, "/api/proxy/health"),
    (frozenset({"POST"}), "/api/session"),
)
# Beginnings: what looks almost like one of them is refused with it.
ADMINISTRATORS_ONLY: Sequence[re.Pattern[str]] = (
    re.compile(r"/api/users"),
    re.compile(r"/api/tokens"),
    re.compile(r"/api/requests/[^/]+/original"),
)
# What was done to what viewers may not read.
UNTOLD: Sequence[str] = ("user", "token", "session", "requests.original")
# Whole paths: what looks almost like one of them is not allowed.
VIEWERS_WRITE: Sequence[tuple[str, re.Pattern[str]]] = (
    ("DELETE", re.compile(r"/api/session")),
    ("PUT", re.compile(r"/api/session/password")),
    ("POST", re.compile(r"/api/session/totp")),
    ("PUT", re.compile(r"/api/session/totp")),
    ("DELETE", re.compile(r"/api/sessions/[^/]+")),  # its own: the use case sees to it
    ("POST", re.compile(r"/api/keys/[^/]+/check")),
)
