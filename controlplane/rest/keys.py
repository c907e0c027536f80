"""Routes of managed keys."""

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from controlplane.domain.errors import Invalid
from controlplane.domain.key import Key, KeyDraft
from controlplane.domain.lease import Refusal
from controlplane.domain.limits import MILLION, NO_LIMITS, Period, Unit
from controlplane.rest import errors
from controlplane.rest.audit import Audited
from controlplane.rest.limits import Credits, KeyUsageRead, LimitsBody, LimitsRead, tree
from controlplane.rest.schemas import Body, Counts, Moment, Page, Text, View, cut, moment
from controlplane.rest.wired import Wired
from controlplane.service import limiting
from controlplane.service.services import Services
from controlplane.service.work import done

router = APIRouter(prefix="/api/keys", tags=["keys"])


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise PydanticCustomError("address", "is neither an address nor a network such as 10.0.0.0/8") from None
    return value


Named = Annotated[Text, StringConstraints(min_length=1)]
Listed = Annotated[list[Named], Field(max_length=500)]


class KeyChange(Body):
    """What of a key is changed; null restores a field's default."""

    name: Named | None = None
    enabled: StrictBool | None = None
    allowed_models: Listed | None = Field(None, description="Public names, * stands for any run of characters; null: all")
    allowed_account_ids: Listed | None = Field(None, description="null: all")
    allowed_ips: Annotated[list[Annotated[Text, AfterValidator(_network)]], Field(max_length=500)] | None = None
    expires_at: Moment | None = None
    strict: StrictBool | None = Field(None, description="Refuse requests of which something would have to be left out")
    credit_limit: Credits | None = Field(None, description="Another name of limits.credits.total")
    limits: LimitsBody | None = Field(None, description="What is not named stays as it is; null clears")
    compression: StrictBool | None = Field(None, description="Whether its conversations may be shortened; true unless it is said")

    def changes(self) -> dict[str, Any]:
        """The fields the caller named, by the names of KeyDraft; `limits` as `limiting.merged` takes it.
        Raises Invalid for a name that is cleared, and for limits that contradict each other.
        """
        named = self._named()
        if "name" in named and named["name"] is None:
            raise Invalid("name cannot be cleared", "name")
        found = {name: DEFAULTS[name] if named[name] is None else named[name] for name in named.keys() & SIMPLE}
        found |= {name: tuple(dict.fromkeys(found[name])) for name in LISTS if name in found}
        if isinstance(found.get("expires_at"), datetime):
            found["expires_at"] = int(found["expires_at"].timestamp())
        limits = tree(named)
        return found if limits is None else {**found, "limits": limits}

    def _named(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class KeyBody(KeyChange):
    """A new key."""

    name: Named

    def draft(self) -> KeyDraft:
        """The key to make. Raises Invalid."""
        changes = self.changes()
        return KeyDraft(**{**changes, "limits": limiting.merged(NO_LIMITS, changes.get("limits", {}))})

    def _named(self) -> dict[str, Any]:
        # There is nothing yet that null could clear.
        return self.model_dump(exclude_none=True)


class Rotation(Body):
    grace_seconds: Annotated[StrictInt, Field(ge=0, le=30 * 86400)] = Field(0, description="How long the old key stays good")


class Probe(Body):
    """A request that might be made."""

    model: Named
    address: Annotated[Text, AfterValidator(_network)] = Field("127.0.0.1", description="Of the client")


class KeyPlain(View):
    """What an administrator decided of a key. `prefix` is its visible beginning."""

    id: str
    name: str
    prefix: str
    enabled: bool
    allowed_models: list[str]
    allowed_account_ids: list[str]
    allowed_ips: list[str]
    strict: bool
    compression: bool
    limits: LimitsRead
    credit_limit: float | None = Field(description="Another name of limits.credits.total")
    expires_at: datetime | None
    created_at: datetime | None
    old_key_until: datetime | None = Field(description="When the key before the last rotation stops working")


class KeyRead(KeyPlain):
    """A key as it stands; the key itself is shown only once."""

    usage: KeyUsageRead | None = Field(description="null while the ledger does not answer")
    stats: Counts


class KeyCreated(KeyRead):
    key: str = Field(description="The key itself: this is the only time it is shown")


class KeyRotated(View):
    id: str
    key: str = Field(description="The new key: this is the only time it is shown")


class KeyList(View):
    keys: list[KeyRead]
    next_cursor: str | None
    total: int


class Checked(View):
    """Whether the request would be let in now, and why not."""

    allowed: bool
    reason: str | None
    message: str | None
    retry_after: int | None


class Order(StrEnum):
    CREATED = "created"
    NAME = "name"
    REQUESTS = "requests"
    COST = "cost"


class KeyFilter(Page):
    """`sort`: by `requests` and `cost` the most comes first."""

    enabled: bool | None = None
    text: Text | None = Field(None, description="Somewhere in the name, or at the beginning of the key or its id")
    sort: Order = Order.CREATED

    def fits(self, key: Key) -> bool:
        sought = self.text or ""
        found = sought.casefold() in key.name.casefold() or key.prefix.startswith(sought) or key.id.startswith(sought)
        return found and self.enabled in (None, key.enabled)


@router.get("")
async def list_keys(services: Wired, query: Annotated[KeyFilter, Query()]) -> KeyList:
    """The managed keys, oldest first unless it is said."""
    keys = [key for key in services.keys.list() if query.fits(key)]
    found, cursor = cut(keys, lambda key: _place(services, key, query.sort), query)
    return KeyList(keys=await _shown(services, found), next_cursor=cursor, total=len(keys))


@router.post("", status_code=201, responses=errors.TAKEN)
async def create_key(services: Wired, audited: Audited, body: KeyBody) -> KeyCreated:
    """Make a key. The answer holds it, for the only time."""
    draft = body.draft()
    _check_accounts(services, draft.allowed_account_ids)
    key, secret = await services.keys.create(draft)
    await audited.note("key.create", key.id, key.name, after=_plain(services, key))
    (shown,) = await _shown(services, [key])
    return KeyCreated(key=secret, **shown.model_dump())


@router.get("/{key_id}", responses=errors.ABSENT)
async def read_key(services: Wired, key_id: str) -> KeyRead:
    (shown,) = await _shown(services, [services.keys.get(key_id)])
    return shown


@router.put("/{key_id}", responses={**errors.ABSENT, **errors.TAKEN})
async def update_key(services: Wired, audited: Audited, key_id: str, body: KeyChange) -> KeyRead:
    """Change what the body names. Accounts that the key names already may be gone by now."""
    changes = body.changes()
    _check_accounts(services, changes.get("allowed_account_ids", ()), services.keys.get(key_id).allowed_account_ids)
    before, after = await services.keys.update(key_id, changes)
    await audited.note("key.update", key_id, after.name, _plain(services, before), _plain(services, after))
    (shown,) = await _shown(services, [after])
    return shown


@router.delete("/{key_id}", status_code=204, responses=errors.ABSENT)
async def delete_key(services: Wired, audited: Audited, key_id: str) -> Response:
    """Remove a key; it stops working at once."""
    key = await services.keys.remove(key_id)
    await audited.note("key.delete", key_id, key.name, before=_plain(services, key))
    return Response(status_code=204)


@router.post("/{key_id}/restore", responses={**errors.ABSENT, **errors.TAKEN})
async def restore_key(services: Wired, audited: Audited, key_id: str) -> KeyRead:
    """Undo the removal of a key, for ten minutes; it works again at once."""
    key = await services.keys.restore(key_id)
    await audited.note("key.restore", key_id, key.name, after=_plain(services, key))
    (shown,) = await _shown(services, [key])
    return shown


@router.post("/{key_id}/rotate", responses=errors.ABSENT)
async def rotate_key(services: Wired, audited: Audited, key_id: str, body: Rotation | None = None) -> KeyRotated:
    """Replace the secret; the old one may stay good for a while."""
    before, after, secret = await services.keys.rotate(key_id, body.grace_seconds if body else 0)
    await audited.note("key.rotate", key_id, after.name, _plain(services, before), _plain(services, after))
    return KeyRotated(id=key_id, key=secret)


@router.post("/{key_id}/check", responses=errors.ABSENT)
async def check_key(services: Wired, key_id: str, body: Probe) -> Checked:
    """Whether such a request would be let in now, by the key, its limits and the accounts. Changes nothing."""
    said = await done(services.leasing.check(key_id, body.model, body.address))
    if isinstance(said, Refusal):
        return Checked(allowed=False, reason=said.reason.name.lower(), message=said.message, retry_after=said.retry_after)
    return Checked(allowed=True, reason=None, message=None, retry_after=None)


def _check_accounts(services: Services, account_ids: Sequence[str], already: Sequence[str] = ()) -> None:
    """A key for an account that does not exist would be refused every request, without a reason in sight.
    What the key names already is no mistake of this change.
    """
    known = {view.account.id for view in services.accounts.list()}.union(already)
    if not known.issuperset(account_ids):
        raise Invalid("allowedAccountIds names an account that does not exist", "allowedAccountIds")


async def _shown(services: Services, keys: Sequence[Key]) -> list[KeyRead]:
    """Keys as they stand; the ledger is asked once for all."""
    found = await services.usage.all([key.id for key in keys])
    return [told(services, key, one) for key, one in zip(keys, found, strict=True)]


def told(services: Services, key: Key, spent: Mapping[str, Any]) -> KeyRead:
    """A key as it stands; `spent` as `KeyUsage.of` has it."""
    return KeyRead(
        **_plain(services, key).model_dump(),
        usage=spent["usage"] and KeyUsageRead.model_validate(spent["usage"]),
        stats=Counts.model_validate(spent["stats"]),
    )


def _plain(services: Services, key: Key) -> KeyPlain:
    limits = limiting.shown(key.limits)
    return KeyPlain(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        enabled=key.enabled,
        allowed_models=list(key.allowed_models),
        allowed_account_ids=list(key.allowed_account_ids),
        allowed_ips=list(key.allowed_ips),
        strict=key.strict,
        compression=key.compression,
        limits=LimitsRead.model_validate(limits),
        credit_limit=limits.get(Unit.CREDITS, {}).get(Period.TOTAL),
        expires_at=moment(key.expires_at),
        created_at=moment(key.created_at),
        old_key_until=moment(key.old_until if key.old_until > services.clock.now() else 0),
    )


def _place(services: Services, key: Key, order: Order) -> str:
    """Where a key stands in a list; the beginning of a name is enough, since a cursor must not be long."""
    if order is Order.CREATED:
        return f"{key.created_at:012d}{key.id}"
    if order is Order.NAME:
        return f"{key.name.casefold()[:20]}\0{key.id}"
    counters = services.records.key_counters(key.id)
    most = counters.total_requests if order is Order.REQUESTS else round(counters.total_cost * MILLION)
    return f"{LARGEST_PLACE - most:018d}{key.id}"


LARGEST_PLACE = 10**18
LISTS: Sequence[str] = ("allowed_models", "allowed_account_ids", "allowed_ips")
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in dataclasses.fields(KeyDraft)}
SIMPLE = DEFAULTS.keys() - {"limits"}
