"""How often somebody may guess. Each is a memory of wrong tries; time is an argument."""

from collections import deque

GUESSES = 10
WINDOW_SECONDS = 60.0
ADDRESSES = 10_000  # remembered at a time; beyond it the oldest is forgotten
STRIKES = 5
LOCKED_SECONDS = 300.0


class Guesses:
    """Wrong passwords, codes, cookies and tokens by address, for the last minute."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def wait(self, address: str, now: float) -> float:
        """Seconds until `address` may guess again; 0 when it may."""
        times = self._times.get(address)
        if times is None or len(times) < GUESSES:
            return 0.0
        return max(0.0, times[0] + WINDOW_SECONDS - now)

    def add(self, address: str, now: float) -> None:
        """Count a wrong guess."""
        # Reinserted, so that the first key is the address that was quiet for longest.
        times = self._times.pop(address, None) or deque(maxlen=GUESSES)
        times.append(now)
        self._times[address] = times
        if len(self._times) > ADDRESSES:
            del self._times[next(iter(self._times))]

    def forget(self, address: str) -> None:
        """A right password clears the count."""
        self._times.pop(address, None)


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
