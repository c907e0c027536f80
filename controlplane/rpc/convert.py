"""Between the admission contract's messages and the domain's values."""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from controlplane.domain.compression import CompressionPolicy
from controlplane.domain.lease import Ask, Bearer, Caller, HeldLease, Identity, Lease, Reason, Refusal, Reservation
from controlplane.domain.limits import NOTHING, Amounts, Unit, Window
from controlplane.domain.model import ListedModel
from controlplane.domain.outcome import Attempt, Compression, Ending, EndpointFault, Outcome, Usage
from controlplane.policy.windows import tightest
from headgate.api.admission.v1 import admission_pb2, admission_service_pb2, snapshot_pb2
from headgate.api.compression.v1 import policy_pb2
from headgate.api.error.v1 import detail_pb2
from headgate.api.limit.v1 import window_pb2

log = logging.getLogger(__name__)

UINT32 = 2**32 - 1
NOTHING_LEARNED: Mapping[str, str] = {}
# By account and model what `_terms` is made of, and its bytes; some kilobytes each.
WRITTEN: dict[tuple[str, str], tuple[tuple[Any, ...], bytes]] = {}
MOST_WRITTEN = 4096


def ask(message: admission_service_pb2.Acquire) -> Ask:
    return Ask(
        caller(message.caller),
        message.request_id,
        message.model,
        message.estimated_input_tokens,
        message.max_output_tokens,
        message.session,
        tuple(message.excluded_account_ids) if message.excluded_account_ids else (),
        message.lease_id,
        message.reserve_only,
        [attempt(failed) for failed in message.failed] if message.failed else (),
        message.received_at_ms,
        message.dialect,
        message.streamed,
        message.sticky,
    )


def caller(message: admission_pb2.Caller) -> Caller:
    return Caller(message.credential, message.address, message.for_key_id, message.for_request_id)


def attempt(message: admission_pb2.Attempt) -> Attempt:
    return Attempt(
        message.account_id,
        message.kind,
        message.model,
        message.started_ms,
        message.ended_ms,
        message.fault,
        message.status,
        message.retry_after_seconds if message.HasField("retry_after_seconds") else None,
        message.detail,
        message.endpoint,
        [endpoint_fault(failed) for failed in message.endpoints] if message.endpoints else (),
        dict(message.learned) if message.learned else NOTHING_LEARNED,
    )


def endpoint_fault(message: admission_pb2.EndpointFault) -> EndpointFault:
    asked = message.retry_after_seconds if message.HasField("retry_after_seconds") else None
    return EndpointFault(message.url, message.fault, asked)


def outcome(message: admission_pb2.Outcome) -> Outcome:
    return Outcome(
        message.lease_id,
        message.request_id,
        ENDINGS.get(message.ending, Ending.FAILED),
        message.status,
        message.received_at_ms,
        message.duration_ms,
        message.dialect,
        message.streamed,
        usage(message.usage),
        [attempt(made) for made in message.attempts[:]],  # to go through a container takes three times as long as to copy it
        message.error,
        message.finish_reason,
        message.first_event_ms if message.HasField("first_event_ms") else None,
        list(message.dropped) if message.dropped else (),
        message.sequence,
        compression(message.compression) if message.HasField("compression") else None,
    )


def compression(message: admission_pb2.Compression) -> Compression | None:
    """None for one that does not say how, which the contract does not know."""
    if not message.how:
        return None
    return Compression(message.how, message.replaced_turns, message.saved_tokens, message.spent_tokens)


def usage(message: admission_pb2.Usage) -> Usage:
    return Usage(
        message.input,
        message.cache_read,
        message.cache_write,
        message.output,
        message.reasoning,
        message.credits,
        message.input_source,
        message.output_source,
        message.searches,
        message.credits_source,
    )


def held(message: admission_pb2.Lease) -> HeldLease:
    return HeldLease(
        message.lease_id,
        message.key_id,
        message.account_id,
        message.model,
        message.deadline,
        message.tokens_reserved,
        message.credits_reserved,
        message.output_reserved,
    )


def reserved(message: admission_service_pb2.Hello) -> dict[str, Amounts]:
    """What each reservation holds; NOTHING where the data plane, or who granted it, is of the previous release."""
    told = {each.lease_id: Amounts(tokens=each.tokens_reserved, credits=each.credits_reserved) for each in message.open_reservations}
    return {**dict.fromkeys(message.open_reservation_ids, NOTHING), **told}


def lease(value: Lease, into: admission_pb2.Lease) -> None:
    """Filled in where it will be sent from: building messages apart and copying them in costs twice as much."""
    into.MergeFromString(_terms(value))
    into.lease_id = value.lease_id
    into.key_id = value.key_id
    into.deadline = value.deadline
    if value.strict:
        into.strict = True
    if value.output_reserved is not None:
        into.output_reserved = value.output_reserved
    into.tokens_reserved = value.tokens_reserved
    into.credits_reserved = value.credits_reserved
    if value.windows:
        windows(value.windows, into.windows)
    credential(value.bearer, into.credential)


def _terms(value: Lease) -> bytes:
    """What many leases have in common, the account and the model, on the wire. It is kept, for writing it costs
    more than the rest of the lease; and compared, which costs next to nothing while it is the same objects. None
    of these changes in place.
    """
    terms = (
        value.account_label,
        value.kind,
        value.context_window,
        value.max_output,
        value.request_fields_schema,
        value.base_urls,
        value.attributes,
        value.input_types,
    )
    name = value.account_id, value.model
    kept = WRITTEN.get(name)
    if kept is None or kept[0] != terms:
        if len(WRITTEN) >= MOST_WRITTEN:
            WRITTEN.clear()
        kept = WRITTEN[name] = terms, _written(value)
    return kept[1]


def _written(value: Lease) -> bytes:
    return admission_pb2.Lease(
        account_id=value.account_id,
        account_label=value.account_label,
        kind=value.kind,
        model=value.model,
        context_window=uint32(value.context_window),
        max_output=uint32(value.max_output),
        request_fields_schema=value.request_fields_schema,
        base_urls=value.base_urls,
        attributes=value.attributes,
        input_types=value.input_types,
    ).SerializeToString()


def credential(value: Bearer, into: admission_pb2.Credential) -> None:
    into.access_token = value.access_token
    into.expires_at = value.expires_at


def reservation(value: Reservation, into: admission_service_pb2.Reservation) -> None:
    into.lease_id = value.lease_id
    into.key_id = value.key_id
    into.context_window = uint32(value.context_window)
    windows(value.windows, into.windows)
    into.kind = value.kind
    into.whole = value.whole
    into.tokens_reserved = value.tokens_reserved
    into.credits_reserved = value.credits_reserved


def windows(values: Sequence[Window], into: window_pb2.Windows) -> None:
    """The tightest of each unit: it is the one that clients must heed."""
    for unit, message in ((Unit.REQUESTS, into.requests), (Unit.TOKENS, into.tokens)):
        value = tightest(values, unit)
        if value is not None:
            message.SetInParent()
            message.limit, message.left, message.resets_at_ms = value.limit, value.left, int(value.resets_at * 1000)


def refusal(value: Refusal) -> detail_pb2.Refusal:
    message = detail_pb2.Refusal(
        reason=REASONS[value.reason],
        message=value.message,
        retry_after_seconds=value.retry_after,
        suggestions=value.suggestions,
    )
    windows(value.windows, message.windows)
    return message


def identity(value: Identity, usage: Mapping[str, Any] | None = None) -> admission_service_pb2.Identity:
    return admission_service_pb2.Identity(
        key_id=value.key_id,
        key_name=value.key_name,
        allowed_models=value.allowed_models,
        usage_json=json.dumps(usage) if usage is not None else "",
    )


def snapshot(version: int, models: Iterable[ListedModel], compression: CompressionPolicy) -> snapshot_pb2.Snapshot:
    """A model that does not fit the contract is left out: data planes must learn of the others."""
    into = snapshot_pb2.Snapshot(version=version, compression=_policy(compression))
    for listed in models:
        try:
            into.models.append(_model(listed))
        except (ValueError, TypeError):
            log.exception("a model cannot be told to data planes kind=%s id=%r", listed.kind, listed.facts.id)
    return into


def _policy(value: CompressionPolicy) -> policy_pb2.Policy:
    return policy_pb2.Policy(
        enabled=value.enabled,
        tokens=value.tokens or 0,
        turns=value.messages,
        keep_turns=value.keep,
        tool_lookback=value.tool_lookback,
        batch_turns=value.batch_messages,
        batch_characters=value.batch_characters,
        ratio_thousandths=round(value.ratio * 1000),
        life_minutes=value.ttl_minutes,
        entries=value.entries,
        model=value.summary_model,
        key_tokens_a_day=value.key_tokens_per_day,
        seconds=value.seconds,
        original_hours=value.original_hours,
    )


def uint32(figure: int) -> int:
    """A figure that an upstream gave, as near as the contract can say it."""
    return min(max(figure, 0), UINT32)


def _model(listed: ListedModel) -> snapshot_pb2.Model:
    facts = listed.facts
    return snapshot_pb2.Model(
        kind=listed.kind,
        id=facts.id,
        display_name=facts.display_name or facts.id,
        context_window=uint32(facts.context_window),
        max_output=uint32(facts.max_output),
        aliases=(*listed.aliases, *listed.routes),
        created=facts.created,
    )


REASONS: Mapping[Reason, detail_pb2.Reason] = {
    reason: detail_pb2.Reason.Value(f"REASON_{reason.name}")  # type: ignore[misc]  # an enum's values are ints at run time
    for reason in Reason
}

# An ending that is unspecified comes from a defect; it is certainly not a success.
ENDINGS: Mapping[int, Ending] = {
    admission_pb2.ENDING_SERVED: Ending.SERVED,
    admission_pb2.ENDING_FAILED: Ending.FAILED,
    admission_pb2.ENDING_CUT: Ending.CUT,
    admission_pb2.ENDING_CANCELLED: Ending.CANCELLED,
}
