"""How often somebody may guess. Each is a memory of wrong tries; time is an argument."""

from collections import deque

GUESSES = 10
# Nobody guesses a cookie: this only bounds how often the database is asked for one.
COOKIES = 100
NAMED = 50  # wrong passwords for one name, from wherever they come
WINDOW_SECONDS = 60.0
ADDRESSES = 10_000  # remembered at a time; beyond it the oldest is forgotten
STRIKES = 5
LOCKED_SECONDS = 300.0


class Guesses:
    """Wrong passwords, codes and tokens by address, for the last minute; or cookies, or by name: `most` of them."""

    def __init__(self, most: int = GUESSES) -> None:
        self._most = most
        self._times: dict[str, deque[float]] = {}

    def wait(self, address: str, now: float) -> float:
        """Seconds until `address` may guess again; 0 when it may."""
        times = self._times.get(address)
        if times is None or len(times) < self._most:
            return 0.0
        return max(0.0, times[0] + WINDOW_SECONDS - now)

    def add(self, address: str, now: float) -> None:
        """Count a wrong guess."""
        # Reinserted, so that the first key is the address that was quiet for longest.
        times = self._times.pop(address, None) or deque(maxlen=self._most)
        times.append(now)
        self._times[address] = times
        if len(self._times) > ADDRESSES:
            del self._times[next(iter(self._times))]

    def forget(self, address: str) -> None:
        """A right password clears the count."""
        self._times.pop(address, None)


class Names:
    """Wrong passwords by the name they were tried for, from many networks. Where the right one was given, at an address,
    others' guesses keep nobody from giving it again: else any stranger could lock people out.
    """

    def __init__(self) -> None:
        self._guesses = Guesses(NAMED)
        self._known: dict[tuple[str, str], None] = {}

    def wait(self, name: str, address: str, now: float) -> float:
        """Seconds until a password for this name is looked at again that comes from there; 0: at once."""
        return 0.0 if (name, address) in self._known else self._guesses.wait(name, now)

    def wrong(self, name: str, now: float) -> None:
        """Count a wrong password."""
        self._guesses.add(name, now)

    def right(self, name: str, address: str) -> None:
        """The right one came from there."""
        self._known.pop((name, address), None)
        self._known[name, address] = None
        if len(self._known) > ADDRESSES:
            del self._known[next(iter(self._known))]


class Strikes:
    """Wrong codes by user: some of them in a row, and the next is not looked at for a while. Only who knows the
    password gets here, so that no stranger can lock anybody out.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def wait(self, user_id: str, now: float) -> float:
        """Seconds until a code of this user is looked at again; 0: at once."""
        return max(0.0, self._until.get(user_id, 0.0) - now)

    def add(self, user_id: str, now: float) -> None:
        """Count a wrong code."""
        self._counts[user_id] = self._counts.get(user_id, 0) + 1
        if self._counts[user_id] >= STRIKES:
            del self._counts[user_id]
            self._until[user_id] = now + LOCKED_SECONDS

    def forget(self, user_id: str) -> None:
        """A right code clears the count."""
        self._counts.pop(user_id, None)
        self._until.pop(user_id, None)
