"""What the data plane counts. Everything here is memory only; /metrics renders it."""

from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

REQUESTS = Counter("headgate_requests", "Requests by dialect and how they ended", ["dialect", "ending"], registry=REGISTRY)
REFUSALS = Counter("headgate_refusals", "Requests refused before admission, by kind", ["kind"], registry=REGISTRY)
ATTEMPTS = Counter("headgate_upstream_attempts", "Upstream attempts by kind and fault (empty: none)", ["kind", "fault"], registry=REGISTRY)
TOKENS = Counter("headgate_tokens", "Tokens by direction", ["direction"], registry=REGISTRY)
INPUT_TOKENS = TOKENS.labels("input")
OUTPUT_TOKENS = TOKENS.labels("output")
OPEN = Gauge("headgate_requests_open", "Requests being answered", registry=REGISTRY)
FIRST_EVENT = Histogram(
    "headgate_first_event_seconds",
    "From reading the request to the first real event",
    buckets=(0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120),
    registry=REGISTRY,
)
COMPRESSIONS = Counter("headgate_compressions", "Long conversations, by how they were shortened or why not", ["how"], registry=REGISTRY)
COMPRESSION_TOKENS = Counter(
    "headgate_compression_tokens", "Tokens that summaries saved, as estimated, and what making them cost", ["what"], registry=REGISTRY
)
COMPRESSING = Histogram(
    "headgate_compressing_seconds",
    "How long requests waited for the summarizer",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 15, 30, 60, 120),
    registry=REGISTRY,
)
NOT_KEPT = Counter("headgate_answers_not_kept", "Answers that a client wanted kept and that could not be", registry=REGISTRY)
UNSETTLED = Gauge("headgate_outcomes_unsettled", "Outcomes the control plane has not yet acknowledged", registry=REGISTRY)
CONTROL_CONNECTED = Gauge("headgate_control_connected", "1 while the admission session is open", registry=REGISTRY)


def ended(dialect: str, ending: str, given: int, written: int) -> None:
    """One request more, and its tokens. Counters refuse to go back, and nothing may keep a request from being settled."""
    requests(dialect, ending).inc()
    INPUT_TOKENS.inc(max(0, given))
    OUTPUT_TOKENS.inc(max(0, written))


def compressed(how: str, saved: int, spent: int) -> None:
    """One long conversation more."""
    COMPRESSIONS.labels(how).inc()
    COMPRESSION_TOKENS.labels("saved").inc(saved)
    COMPRESSION_TOKENS.labels("spent").inc(spent)


# Looking up a counter by its labels costs more than counting; the combinations are few.
requests = lru_cache(maxsize=64)(REQUESTS.labels)
attempts = lru_cache(maxsize=256)(ATTEMPTS.labels)
