"""What this process holds of the control plane's: a hello names it, so that a restarted one knows it again."""

from headgate.api.admission.v1 import admission_pb2, admission_service_pb2


class Holdings:
    """Leases as they were granted, and reservations that have no lease yet."""

    def __init__(self) -> None:
        self.leases: dict[str, admission_pb2.Lease] = {}
        self.reservations: dict[str, admission_service_pb2.Reservation] = {}

    def take(self, question: admission_service_pb2.Question, answer: admission_service_pb2.Answer) -> None:
        """What an answer grants, if it grants anything."""
        if answer.HasField("lease"):
            self.reservations.pop(answer.lease.lease_id, None)
            self.leases[answer.lease.lease_id] = answer.lease
        elif answer.HasField("reservation"):
            # A lease whose account was given back is a reservation again.
            self.leases.pop(answer.reservation.lease_id, None)
            self.reservations[answer.reservation.lease_id] = answer.reservation
        elif answer.HasField("extension"):
            self._grow(question.extend, answer.extension.output_reserved)

    def forget(self, lease_id: str) -> None:
        """It is over."""
        self.leases.pop(lease_id, None)
        self.reservations.pop(lease_id, None)

    def _grow(self, extend: admission_service_pb2.Extend, output_reserved: int) -> None:
        """The tokens reserved altogether grow by as much as those of the answer, and by those of the prompt."""
        lease = self.leases.get(extend.lease_id)
        if lease is not None:
            lease.tokens_reserved += max(0, output_reserved - lease.output_reserved) + extend.input_tokens
            lease.output_reserved = output_reserved
