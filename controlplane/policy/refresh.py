"""When an access token is renewed (Kiro wire notes, when to refresh; it lives about an hour)."""

AHEAD = 600.0  # the background job renews this long before the end
JITTER = 180.0  # and up to this much earlier, so that accounts added together do not refresh together
NEAR = 60.0  # on demand: with less than this left a request waits for a new one
BACKOFF = 30.0  # after a failure that may pass
LONGEST_BACKOFF = 300.0  # whatever the token endpoint asks for: all of the account's requests wait for it
STRIKES = 3  # refusals that are not the dead-grant wording, before the account needs a login
# What is believed of a token's life. A wrong figure costs one refusal; a wild one would cost the account.
SHORTEST_LIFE = 60
LONGEST_LIFE = 24 * 3600


def backoff(retry_after: float | None) -> float:
    """Seconds until the token endpoint is asked again after a failure that may pass."""
    return min(max(BACKOFF, retry_after or 0), LONGEST_BACKOFF)


def life(expires_in: int) -> int:
    """Seconds that a new token is taken to live."""
    return min(max(expires_in, SHORTEST_LIFE), LONGEST_LIFE)


def due(expires_at: int, now: float, chance: float) -> bool:
    """Whether the background job renews now; `chance` is in 0..1 and stays the same for an account."""
    return now >= expires_at - AHEAD - JITTER * chance


def near(expires_at: int, now: float) -> bool:
    """Whether a request should have a new token first; 0 means that it never expires."""
    return expires_at != 0 and now >= expires_at - NEAR


def usable(expires_at: int, now: float) -> bool:
    """Whether the token still works."""
    return expires_at == 0 or now < expires_at
