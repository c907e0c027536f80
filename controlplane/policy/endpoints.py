"""Which of an account's addresses is tried first (Kiro rules, 4, hosts).

An address that failed goes to the end of the row for a while; the one that served last comes first.
This never puts an account out: somebody is always first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

FIRST_COOLING = 30  # seconds, doubled with each failure in a row
LONGEST_COOLING = 600
# What an upstream may ask for by itself, in seconds.
SHORTEST_WAIT = 1
LONGEST_WAIT = 600
# An address that was let alone this long after its cooling starts from the beginning.
FORGIVEN_AFTER = 600


@dataclass(frozen=True, slots=True)
class Cooling:
    """`strikes`: failures in a row. `until`: epoch seconds."""

    strikes: int
    until: float


@dataclass(slots=True)
class Endpoints:
    """What is known of one account's addresses; kept in memory only. `preferred` served last."""

    preferred: str = ""
    cooling: dict[str, Cooling] = field(default_factory=dict)

    def served(self, url: str) -> None:
        """The address answered."""
        self.preferred = url
        if self.cooling:
            self.cooling.pop(url, None)

    def failed(self, url: str, now: float, retry_after: int | None = None) -> None:
        """The address did not serve. What fails while it cools belongs to the same occasion: ten requests
        that were under way together are one failure.
        """
        before = self.cooling.get(url, Cooling(0, now))
        asked = _asked(retry_after)
        if now < before.until:
            self.cooling[url] = Cooling(before.strikes, max(before.until, now + (asked or 0)))
            return
        strikes = before.strikes if now - before.until <= FORGIVEN_AFTER else 0
        self.cooling[url] = Cooling(strikes + 1, now + (asked or min(FIRST_COOLING << min(strikes, 20), LONGEST_COOLING)))

    def order(self, urls: Sequence[str], now: float) -> Sequence[str]:
        """All of `urls`: the preferred one, the others as configured, then those that cool, the first to end first."""
        if len(urls) == 1 or (not self.cooling and self.preferred in ("", urls[0])):
            return urls
        ends = {url: rest.until for url, rest in self.cooling.items() if rest.until > now}
        return tuple(sorted(urls, key=lambda url: (ends.get(url, 0.0), url != self.preferred)))


def _asked(retry_after: int | None) -> int | None:
    """What is believed of what the upstream asked for, at least a second; None: it asked for nothing."""
    return None if retry_after is None else min(max(retry_after, SHORTEST_WAIT), LONGEST_WAIT)
