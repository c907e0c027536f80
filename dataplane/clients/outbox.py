"""Outcomes on their way to the control plane: numbered once, kept until they are acknowledged."""

import time

from headgate.api.admission.v1 import admission_pb2


class Delivery:
    """Outcomes that were sent together."""

    __slots__ = ("outcomes", "sent")

    def __init__(self, outcomes: list[admission_pb2.Outcome]) -> None:
        self.outcomes = outcomes
        self.sent = time.monotonic()


class Outbox:
    """All outcomes that are not acknowledged; `len` of it counts them.

    Numbers begin with 1 and stay with their outcome however often it is sent, so that the control plane
    sees a gap where one was lost.
    """

    def __init__(self) -> None:
        self._waiting: list[admission_pb2.Outcome] = []
        self._deliveries: dict[int, Delivery] = {}
        self._latest = 0

    def __len__(self) -> int:
        return len(self._waiting) + sum(len(delivery.outcomes) for delivery in self._deliveries.values())

    @property
    def waiting(self) -> bool:
        """Whether anything is to be sent."""
        return bool(self._waiting)

    @property
    def settled_through(self) -> int:
        """The highest number up to which all are acknowledged."""
        open_ones = [self._waiting, *(delivery.outcomes for delivery in self._deliveries.values())]
        return min((outcome.sequence for outcomes in open_ones for outcome in outcomes), default=self._latest + 1) - 1

    @property
    def lease_ids(self) -> list[str]:
        """The leases of all that are not acknowledged."""
        open_ones = [self._waiting, *(delivery.outcomes for delivery in self._deliveries.values())]
        return [outcome.lease_id for outcomes in open_ones for outcome in outcomes]

    def add(self, outcome: admission_pb2.Outcome) -> None:
        """Number it; it waits to be sent."""
        self._latest += 1
        outcome.sequence = self._latest
        self._waiting.append(outcome)

    def send(self, delivery: int, most: int) -> list[admission_pb2.Outcome]:
        """At most so many that wait, as the delivery of this number."""
        outcomes, self._waiting = self._waiting[:most], self._waiting[most:]
        self._deliveries[delivery] = Delivery(outcomes)
        return outcomes

    def acknowledge(self, delivery: int) -> bool:
        """Whether the number is one of a delivery; its outcomes are then done with."""
        return self._deliveries.pop(delivery, None) is not None

    def again(self, before: float) -> bool:
        """Let wait once more what was sent before a moment (monotonic clock); whether there was any."""
        late = [number for number, delivery in self._deliveries.items() if delivery.sent <= before]
        for number in late:
            self._waiting += self._deliveries.pop(number).outcomes
        return bool(late)
