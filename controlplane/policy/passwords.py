"""What a new password, and a new name, must be like."""

import unicodedata

SHORTEST = 12
LONGEST = 200
LONGEST_NAME = 64
TOKEN_NAME = "token:"  # noqa: S105 - how the audit log names tokens; nobody may be called like one


def fault(password: str) -> str | None:
    """What is wrong with a new password; None: nothing."""
    if len(password) < SHORTEST:
        return f"must have at least {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"must have at most {LONGEST} characters"
    if not password.isprintable() or password != password.strip():
        return "must not hold control characters, nor begin or end with a space"
    return None


def name_fault(name: str) -> str | None:
    """What is wrong with a user's name; None: nothing."""
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        return f"must be 1 to {LONGEST_NAME} printable characters"
    return f"must not begin with {TOKEN_NAME}" if folded(name).startswith(TOKEN_NAME) else None


def folded(name: str) -> str:
    """Names are the same when these are."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
