"""Whether a service that failed is asked again: not for a while, then by one call alone, and that while grows as long as
these fail.

Time is in seconds on any clock that does not go back.
"""

FIRST_SECONDS = 2.0
MOST_SECONDS = 30.0


class Doubt:
    """There is none until a call has failed, and none any more when one has succeeded."""

    __slots__ = ("_probing", "_seconds", "_until")

    def __init__(self) -> None:
        self._seconds = 0.0
        self._until = 0.0
        self._probing = False

    def over(self, now: float) -> bool:
        """Whether another call may be made that nobody wants to wait for in vain."""
        return now >= self._until and not self._probing

    def begin(self, now: float) -> bool:
        """A call begins; whether it is the one that tells, for which others wait. Then `done` must follow."""
        telling = self._seconds > 0 and self.over(now)
        self._probing = self._probing or telling
        return telling

    def done(self) -> None:
        """The call that tells is over, however it ended."""
        self._probing = False

    def failed(self, now: float) -> None:
        """Calls that fail together count as one."""
        if now >= self._until:
            self._seconds = min(max(2 * self._seconds, FIRST_SECONDS), MOST_SECONDS)
            self._until = now + self._seconds

    def clear(self) -> None:
        self._seconds = self._until = 0.0
