"""What the service counts, for /metrics."""

import contextlib
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from summarizer.kept import Totals

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30)


class Figures:
    """Of kept conversations, and of what compression remembers. `what` is "answers", "sessions", "summaries", "originals",
    "spending", or "memory": the summaries in this process.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._calls = Counter("headgate_kept_calls", "Calls about kept conversations, by result", ["method", "result"], registry=registry)
        self._seconds = Histogram(
            "headgate_kept_seconds", "How long they took, waiting for a turn included", ["method"], registry=registry, buckets=SECONDS
        )
        self._evicted = Counter("headgate_kept_evicted", "What had to go before its time, for want of room", ["what"], registry=registry)
        self._expired = Counter("headgate_kept_expired", "What was deleted when its time was over", ["what"], registry=registry)
        self._kept = Gauge("headgate_kept", "What is kept at present, for all keys", ["what"], registry=registry)
        self._bytes = Gauge("headgate_kept_bytes", "How large that is", ["what"], registry=registry)

    @contextlib.contextmanager
    def timed(self, method: str) -> Iterator[None]:
        with self._seconds.labels(method).time():
            yield

    def answered(self, method: str, result: str) -> None:
        self._calls.labels(method, result).inc()

    def evicted(self, what: str, count: int) -> None:
        self._evicted.labels(what).inc(count)

    def expired(self, what: str, count: int) -> None:
        self._expired.labels(what).inc(count)

    def kept(self, totals: Totals) -> None:
        for what, count, size in (
            ("answers", totals.answers, totals.answer_bytes),
            ("sessions", totals.sessions, totals.session_bytes),
        ):
            self.tallied(what, count, size)

    def tallied(self, what: str, count: int, size: int) -> None:
        self._kept.labels(what).set(count)
        self._bytes.labels(what).set(size)

    def watch(self, what: str, count: Callable[[], int], size: Callable[[], int]) -> None:
        """Ask for it whenever the figures are read."""
        self._kept.labels(what).set_function(count)
        self._bytes.labels(what).set_function(size)
