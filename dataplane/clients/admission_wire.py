"""The admission contract's messages to the line's values and back."""

from typing import Any

from dataplane.conversation.events import Source, Usage
from dataplane.errors import EndpointFault, Forbidden, GatewayError, Internal, Kind, Limited, NotFound, Unauthenticated, Unavailable
from dataplane.ports import Ask, Attempt, Caller, Ending, Identity, ModelFacts, Outcome, Policy, Reservation, Shortened
from dataplane.upstreams.base import Credential, Lease
from dataplane.windows import Window, Windows
from headgate.api.admission.v1 import admission_pb2 as pb
from headgate.api.admission.v1 import admission_service_pb2 as service
from headgate.api.admission.v1 import snapshot_pb2
from headgate.api.compression.v1 import policy_pb2
from headgate.api.error.v1 import detail_pb2 as detail
from headgate.api.limit.v1 import window_pb2
from headgate.logs import redact


def caller(value: Caller) -> pb.Caller:
    return pb.Caller(
        credential=value.credential,
        address=value.address,
        for_key_id=value.for_key,
        for_request_id=value.for_request,
    )


def acquire(ask: Ask) -> service.Acquire:
    return service.Acquire(
        caller=caller(ask.caller),
        request_id=ask.request_id,
        model=ask.model,
        estimated_input_tokens=ask.estimated_input_tokens,
        max_output_tokens=_large(ask.max_output_tokens),
        session=ask.session,
        excluded_account_ids=ask.excluded_account_ids,
        lease_id=ask.lease_id,
        reserve_only=ask.reserve_only,
        failed=[attempt(each) for each in ask.failed],
        received_at_ms=ask.received_at_ms,
        dialect=ask.dialect,
        streamed=ask.streamed,
        sticky=ask.sticky,
    )


def attempt(value: Attempt) -> pb.Attempt:
    return pb.Attempt(
        account_id=value.account_id,
        kind=value.kind,
        model=value.model,
        started_ms=value.started_ms,
        ended_ms=value.ended_ms,
        fault=value.fault,
        status=value.status,
        retry_after_seconds=None if value.retry_after is None else _small(value.retry_after),
        detail=redact(value.detail) if value.detail else "",
        endpoint=value.endpoint,
        endpoints=[endpoint_fault(each) for each in value.endpoints],
        learned=value.learned,
    )


def endpoint_fault(value: EndpointFault) -> pb.EndpointFault:
    wait = None if value.retry_after is None else _small(value.retry_after)
    return pb.EndpointFault(url=value.url, fault=str(value.cause), retry_after_seconds=wait)


def outcome(value: Outcome) -> pb.Outcome:
    return pb.Outcome(
        lease_id=value.lease_id,
        request_id=value.request_id,
        ending=ENDINGS[value.ending],
        usage=usage(value.usage),
        attempts=[attempt(each) for each in value.attempts],
        status=value.status,
        error=value.error,
        finish_reason=value.finish_reason,
        received_at_ms=value.received_at_ms,
        first_event_ms=value.first_event_ms,
        duration_ms=_small(value.duration_ms),
        dialect=value.dialect,
        streamed=value.streamed,
        dropped=value.dropped,
        compression=None if value.shortened is None else compression(value.shortened),
    )


def compression(value: Shortened) -> pb.Compression:
    return pb.Compression(
        replaced_turns=_small(value.replaced_turns),
        saved_tokens=_small(value.saved_tokens),
        spent_tokens=_small(value.spent_tokens),
        how=value.how,
    )


def abandoned(lease_id: str, asked: service.Acquire, now_ms: int) -> pb.Outcome:
    """The end of a lease whose request ended before it was granted."""
    return pb.Outcome(
        lease_id=lease_id,
        request_id=asked.request_id,
        ending=pb.ENDING_CANCELLED,
        status=499,
        error="cancelled",
        received_at_ms=asked.received_at_ms,
        duration_ms=_small(now_ms - asked.received_at_ms),
        dialect=asked.dialect,
        streamed=asked.streamed,
    )


def usage(value: Usage) -> pb.Usage:
    return pb.Usage(
        input=_large(value.input),
        cache_read=_large(value.cache_read),
        cache_write=_large(value.cache_write),
        output=_large(value.output),
        reasoning=_large(value.reasoning),
        credits=value.credits,
        searches=value.searches,
        input_source=SOURCES[value.input_source],
        output_source=SOURCES[value.output_source],
        credits_source=SOURCES[value.credits_source] if value.credits_source else pb.Usage.SOURCE_UNSPECIFIED,
    )


def _small(figure: int) -> int:
    """A figure of an upstream's or a clock's making, as a field of 32 bits takes it."""
    return min(max(figure, 0), 2**32 - 1)


def _large(figure: int) -> int:
    return min(max(figure, 0), 2**53)


def lease(message: pb.Lease) -> Lease:
    return Lease(
        lease_id=message.lease_id,
        key_id=message.key_id,
        account_id=message.account_id,
        account_label=message.account_label,
        kind=message.kind,
        model=message.model,
        credential=credential(message.credential),
        base_urls=tuple(message.base_urls),
        context_window=message.context_window,
        max_output=message.max_output,
        request_fields_schema=message.request_fields_schema,
        attributes=dict(message.attributes),
        proxy_url=message.attributes.get("proxy_url", ""),
        deadline=message.deadline,
        input_types=tuple(message.input_types),
        strict=message.strict,
        output_reserved=message.output_reserved if message.HasField("output_reserved") else None,
        windows=windows(message.windows) if message.HasField("windows") else None,
    )


def credential(message: pb.Credential) -> Credential:
    return Credential(message.access_token, message.expires_at)


def reservation(message: service.Reservation) -> Reservation:
    told = windows(message.windows) if message.HasField("windows") else None
    return Reservation(message.lease_id, message.key_id, message.context_window, told, message.kind, message.whole)


def windows(message: window_pb2.Windows) -> Windows:
    return Windows(
        requests=window(message.requests) if message.HasField("requests") else None,
        tokens=window(message.tokens) if message.HasField("tokens") else None,
    )


def window(message: window_pb2.Window) -> Window:
    return Window(message.limit, message.left, message.resets_at_ms)


def identity(message: service.Identity) -> Identity:
    return Identity(message.key_id, message.key_name, tuple(message.allowed_models), message.usage_json.encode())


def model(message: snapshot_pb2.Model) -> ModelFacts:
    return ModelFacts(
        kind=message.kind,
        id=message.id,
        display_name=message.display_name or message.id,
        context_window=message.context_window,
        max_output=message.max_output,
        aliases=tuple(message.aliases),
        created=message.created,
    )


def policy(message: policy_pb2.Policy) -> Policy:
    return Policy(message.enabled, message.tokens, message.turns, float(message.seconds), message)


def refusal(message: detail.Refusal) -> GatewayError:
    """A refusal as the error a client is told."""
    kind, error = REFUSALS.get(message.reason, (Kind.INTERNAL, Internal))
    wait = message.retry_after_seconds if message.HasField("retry_after_seconds") else None
    param = "model" if kind is Kind.MODEL_NOT_FOUND else None
    told = error(message.message, kind=kind, param=param, retry_after=wait)
    if message.HasField("windows"):
        told.windows = windows(message.windows)
    return told


ENDINGS: dict[Ending, Any] = {
    Ending.SERVED: pb.ENDING_SERVED,
    Ending.FAILED: pb.ENDING_FAILED,
    Ending.CUT: pb.ENDING_CUT,
    Ending.CANCELLED: pb.ENDING_CANCELLED,
}
SOURCES: dict[Source, Any] = {
    Source.UPSTREAM: pb.Usage.SOURCE_UPSTREAM,
    Source.DERIVED: pb.Usage.SOURCE_DERIVED,
    Source.ESTIMATED: pb.Usage.SOURCE_ESTIMATED,
}
REFUSALS: dict[int, tuple[Kind, type[GatewayError]]] = {
    detail.REASON_UNAUTHENTICATED: (Kind.UNAUTHENTICATED, Unauthenticated),
    detail.REASON_MODEL_NOT_ALLOWED: (Kind.MODEL_NOT_ALLOWED, Forbidden),
    detail.REASON_ADDRESS_NOT_ALLOWED: (Kind.ADDRESS_NOT_ALLOWED, Forbidden),
    detail.REASON_UNKNOWN_MODEL: (Kind.MODEL_NOT_FOUND, NotFound),
    detail.REASON_RATE_LIMITED: (Kind.RATE_LIMITED, Limited),
    detail.REASON_QUOTA_EXHAUSTED: (Kind.QUOTA_EXHAUSTED, Limited),
    detail.REASON_ACCOUNTS_BUSY: (Kind.ACCOUNTS_BUSY, Limited),
    detail.REASON_ACCOUNTS_EXHAUSTED: (Kind.ACCOUNTS_EXHAUSTED, Limited),
    detail.REASON_NO_ACCOUNT: (Kind.NO_ACCOUNT, Unavailable),
    detail.REASON_UNKNOWN_LEASE: (Kind.NO_ACCOUNT, Unavailable),
    detail.REASON_CREDENTIAL_LOST: (Kind.NO_ACCOUNT, Unavailable),
}
