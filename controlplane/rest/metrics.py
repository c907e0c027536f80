"""Figures for Prometheus: what the services count, and what they know, read when it is asked for.

No label names an account or a key.
"""

from collections import Counter
from collections.abc import Iterable

from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from controlplane.domain.account import Status
from controlplane.service.services import Services


class Figures(Collector):
    """What the services know, as metrics."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> Iterable[Metric]:
        """Nothing: the registry then asks nobody at registration."""
        return ()

    def collect(self) -> Iterable[Metric]:
        services = self._services
        standing = Counter(view.status for view in services.accounts.list())
        accounts = GaugeMetricFamily("headgate_accounts", "Accounts by status", labels=["status"])
        for status in Status:
            accounts.add_metric([status.value], standing[status])
        yield accounts
        yield GaugeMetricFamily("headgate_keys", "Managed keys", value=len(services.keys.list()))
        yield GaugeMetricFamily("headgate_models", "Models that some account offers", value=len(services.catalogue.models()))
        yield GaugeMetricFamily("headgate_start_time_seconds", "When this process started", value=services.started_at)
        yield from self._totals()

    def _totals(self) -> Iterable[Metric]:
        """Gauges, for the sums are corrected when a request that was given up is reported after all."""
        total = self._services.records.total()
        requests = GaugeMetricFamily("headgate_ledger_requests", "Requests in the ledger", labels=["result"])
        requests.add_metric(["success"], total.success_requests)
        requests.add_metric(["failed"], total.failed_requests)
        yield requests
        tokens = GaugeMetricFamily("headgate_ledger_tokens", "Tokens in the ledger", labels=["direction"])
        tokens.add_metric(["input"], total.input_tokens)
        tokens.add_metric(["output"], total.output_tokens)
        yield tokens
        yield GaugeMetricFamily("headgate_ledger_credits", "Credits in the ledger", value=total.total_credits)


class Exposition:
    """The text that /metrics answers."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(Figures(services))

    def text(self) -> bytes:
        return generate_latest(REGISTRY) + generate_latest(self._registry)
