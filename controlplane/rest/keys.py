"""Routes of managed keys."""

import dataclasses
import ipaddress
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from controlplane.domain.errors import Invalid
from controlplane.domain.key import Key, KeyDraft
from controlplane.domain.lease import Refusal
from controlplane.rest import errors
from controlplane.rest.schemas import Body, Counts, Moment, NotOffered, Page, Text, View, cut, moment
from controlplane.rest.wired import Wired
from controlplane.service.services import Services

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
    credit_limit: NotOffered = None
    limits: NotOffered = None
    compression: NotOffered = None

    def changes(self) -> dict[str, Any]:
        """The fields the caller named, by the names of KeyDraft. Raises Invalid for a name that is cleared."""
        named = self.model_dump(exclude_unset=True, exclude=UNOFFERED)
        if "name" in named and named["name"] is None:
            raise Invalid("name cannot be cleared", "name")
        found = {name: DEFAULTS[name] if value is None else value for name, value in named.items()}
        found |= {name: tuple(dict.fromkeys(found[name])) for name in LISTS if name in found}
        if isinstance(found.get("expires_at"), datetime):
            found["expires_at"] = int(found["expires_at"].timestamp())
        return found


class KeyBody(KeyChange):
    """A new key."""

    name: Named


class Rotation(Body):
    grace_seconds: Annotated[StrictInt, Field(ge=0, le=30 * 86400)] = Field(0, description="How long the old key stays good")


class Probe(Body):
    """A request that might be made."""

    model: Named
    address: Annotated[Text, AfterValidator(_network)] = Field("127.0.0.1", description="Of the client")


class KeyRead(View):
    """A key. `prefix` is its visible beginning; the key itself is shown only once."""

    id: str
    name: str
    prefix: str
    enabled: bool
    allowed_models: list[str]
    allowed_account_ids: list[str]
    allowed_ips: list[str]
    strict: bool
    expires_at: datetime | None
    created_at: datetime | None
    old_key_until: datetime | None = Field(description="When the key before the last rotation stops working")
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


class KeyFilter(Page):
    enabled: bool | None = None


@router.get("")
async def list_keys(services: Wired, query: Annotated[KeyFilter, Query()]) -> KeyList:
    """All managed keys, oldest first."""
    keys = [key for key in services.keys.list() if query.enabled in (None, key.enabled)]
    found, cursor = cut(keys, _place, query)
    return KeyList(keys=[_shown(services, key) for key in found], next_cursor=cursor, total=len(keys))


@router.post("", status_code=201, responses=errors.TAKEN)
async def create_key(services: Wired, body: KeyBody) -> KeyCreated:
    """Make a key. The answer holds it, for the only time."""
    changes = body.changes()
    _check_accounts(services, changes)
    key, secret = await services.keys.create(KeyDraft(**changes))
    return KeyCreated(key=secret, **_shown(services, key).model_dump())


@router.get("/{key_id}", responses=errors.ABSENT)
async def read_key(services: Wired, key_id: str) -> KeyRead:
    return _shown(services, services.keys.get(key_id))


@router.put("/{key_id}", responses={**errors.ABSENT, **errors.TAKEN})
async def update_key(services: Wired, key_id: str, body: KeyChange) -> KeyRead:
    """Change what the body names."""
    changes = body.changes()
    _check_accounts(services, changes)
    return _shown(services, await services.keys.update(key_id, changes))


@router.delete("/{key_id}", status_code=204, responses=errors.ABSENT)
async def delete_key(services: Wired, key_id: str) -> Response:
    """Remove a key; it stops working at once."""
    await services.keys.remove(key_id)
    return Response(status_code=204)


@router.post("/{key_id}/rotate", responses=errors.ABSENT)
async def rotate_key(services: Wired, key_id: str, body: Rotation | None = None) -> KeyRotated:
    """Replace the secret; the old one may stay good for a while."""
    key, secret = await services.keys.rotate(key_id, body.grace_seconds if body else 0)
    return KeyRotated(id=key.id, key=secret)


@router.post("/{key_id}/check", responses=errors.ABSENT)
async def check_key(services: Wired, key_id: str, body: Probe) -> Checked:
    """Whether such a request would be let in now. Changes nothing."""
    said = services.leasing.check(key_id, body.model, body.address)
    if isinstance(said, Refusal):
        return Checked(allowed=False, reason=said.reason.name.lower(), message=said.message, retry_after=said.retry_after)
    return Checked(allowed=True, reason=None, message=None, retry_after=None)


def _check_accounts(services: Services, changes: Mapping[str, Any]) -> None:
    """A key for an account that does not exist would be refused every request, without a reason in sight."""
    known = {view.account.id for view in services.accounts.list()}
    for account_id in changes.get("allowed_account_ids", ()):
        if account_id not in known:
            raise Invalid("allowedAccountIds names an account that does not exist", "allowedAccountIds")


def _shown(services: Services, key: Key) -> KeyRead:
    return KeyRead(
        id=key.id,
        name=key.name,
        prefix=key.prefix,
        enabled=key.enabled,
        allowed_models=list(key.allowed_models),
        allowed_account_ids=list(key.allowed_account_ids),
        allowed_ips=list(key.allowed_ips),
        strict=key.strict,
        expires_at=moment(key.expires_at),
        created_at=moment(key.created_at),
        old_key_until=moment(key.old_until if key.old_until > services.clock.now() else 0),
        stats=Counts.of(services.records.key_counters(key.id)),
    )


def _place(key: Key) -> str:
    return f"{key.created_at:012d}{key.id}"


UNOFFERED = {"credit_limit", "limits", "compression"}
LISTS: Sequence[str] = ("allowed_models", "allowed_account_ids", "allowed_ips")
DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in dataclasses.fields(KeyDraft)}
