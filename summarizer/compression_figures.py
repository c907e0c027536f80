"""What compression counts, for /metrics. Never a word of a conversation."""

import contextlib
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120)


class CompressionFigures:
    """`result` is how a summary was had, which also tells what was remembered where, or why there is none."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._results = Counter("headgate_summarizer_conversations", "Conversations answered, by result", ["result"], registry=registry)
        self._tokens = Counter("headgate_summarizer_tokens", "Tokens that summaries saved, and cost", ["what"], registry=registry)
        self._calls = Counter("headgate_summarizer_model_calls", "Calls of the model, by result", ["result"], registry=registry)
        self._unbooked = Counter("headgate_summarizer_tokens_unbooked", "Tokens spent that could not be booked", registry=registry)
        self._resting = Gauge("headgate_summarizer_resting", "Keys whose model is left alone after a failure", registry=registry)
        self._seconds = Histogram("headgate_summarizer_seconds", "How long an answer took", registry=registry, buckets=SECONDS)

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        with self._seconds.time():
            yield

    def answered(self, result: str, saved: int, spent: int) -> None:
        self._results.labels(result).inc()
        self._tokens.labels("saved").inc(saved)
        self._tokens.labels("spent").inc(spent)

    def asked(self, result: str) -> None:
        self._calls.labels(result).inc()

    def watch(self, resting: Callable[[], int]) -> None:
        """Ask for it whenever the figures are read."""
        self._resting.set_function(resting)

    def unbooked(self, tokens: int) -> None:
        self._unbooked.inc(tokens)
