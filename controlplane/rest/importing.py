"""Many accounts at once: our own bodies of any kind, or the credential files and records of Kiro's tools.

Page: Kiro wire notes, credential files. Members that mean nothing here are named in the result,
so that nothing is lost in silence.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from controlplane.domain.account import AccountDraft
from controlplane.domain.errors import ControlError, Duplicate, Invalid
from controlplane.rest import errors
from controlplane.rest.account_schemas import AccountBody, ImportLine, ImportResult, draft, shown
from controlplane.rest.audit import Auditor, secret_fields
from controlplane.service.accounts import Accounts

LINES = 1000


def _rows(value: Any) -> list[Any]:
    rows = [value] if isinstance(value, dict) else value
    if not isinstance(rows, list):
        raise PydanticCustomError("dict_type", "not an object or an array")
    if len(rows) > LINES:
        raise PydanticCustomError("too_long", f"the import has more than {LINES} lines")
    return rows


Rows = Annotated[list[Any], BeforeValidator(_rows), WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "array", "maxItems": LINES}]})]


async def store(accounts: Accounts, rows: list[Any], audited: Auditor) -> ImportResult:
    """Create what can be created, and note it; one line's failure does not stop the next."""
    lines = [await _line(accounts, index, row, audited) for index, row in enumerate(rows)]
    created = sum(line.status == "created" for line in lines)
    return ImportResult(created=created, failed=len(lines) - created, results=lines)


async def _line(accounts: Accounts, index: int, row: Any, audited: Auditor) -> ImportLine:
    try:
        made, ignored = read(row)
        view = await accounts.create(made)
    except ValidationError as error:
        return ImportLine(index=index, status="invalid", error=errors.complaint(error.errors()))
    except Duplicate as error:
        return ImportLine(index=index, status="duplicate", error=errors.detail(error))
    except ControlError as error:
        return ImportLine(index=index, status="invalid", error=errors.detail(error))
    secrets = [spelled for name, spelled in secret_fields(AccountBody).items() if getattr(made, name)]
    await audited.note("account.import", view.account.id, view.account.label, after=shown(view), secrets=secrets)
    return ImportLine(
        index=index,
        status="created",
        account_id=view.account.id,
        label=view.account.label,
        ignored=[errors.named(name) for name in ignored],
    )


def read(row: Any) -> tuple[AccountDraft, list[str]]:
    """The account that `row` describes, and the members that were ignored. Raises Invalid, ValidationError."""
    if not isinstance(row, dict):
        raise Invalid("a line must be a JSON object")
    members = {name: value for name, value in row.items() if value not in (None, "")}
    found, used = _picked(members)
    if "clientIdHash" in members and not found.get("clientSecret"):
        raise Invalid("clientIdHash names another file: add the clientId and clientSecret that it holds", "clientId")
    found |= _method(members)
    made = draft(AccountBody.model_validate(found))
    return dataclasses.replace(made, expires_at=_expiry(members) if made.access_token else 0), sorted(set(members) - used)


def _picked(members: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Members under our names, the best spelling first, and all the spellings that were understood."""
    found: dict[str, Any] = {}
    used = {"authMethod", "auth_method", "provider", "expiresAt", "expires_at"}
    for ours, spellings in SPELLINGS.items():
        present = [name for name in spellings if name in members]
        if present:
            found[ours] = members[present[0]]
            used.update(present)
    return found, used


def _method(members: Mapping[str, Any]) -> dict[str, str]:
    """How the account signs in, from what was said of it; nothing when nothing was said."""
    said = members.get("authMethod", members.get("auth_method", members.get("provider")))
    if said is None:
        return {}
    method = METHODS.get(str(said).lower())
    if method is None:
        raise Invalid("this way to sign in is not offered in this release", "authMethod")
    return {"authMethod": method}


def _expiry(members: Mapping[str, Any]) -> int:
    """When the access token ends, epoch seconds, from ISO 8601, seconds or milliseconds. What cannot be
    read is long ago, so that the token is renewed and not trusted.
    """
    said = members.get("expiresAt", members.get("expires_at"))
    if isinstance(said, (int, float)) and 1 <= said < 1e14:  # false for what is not a number
        return int(said / 1000 if said > 1e11 else said)
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        moment = None
    return max(1, int(moment.timestamp())) if moment and moment.tzinfo else 1


def _camel(name: str) -> tuple[str, ...]:
    return (name, "".join(f"_{c.lower()}" if c.isupper() else c for c in name))


SPELLINGS: Mapping[str, tuple[str, ...]] = {
    **{name: tuple(dict.fromkeys(_camel(name))) for name in ("kind", "refreshToken", "accessToken", "clientId", "clientSecret")},
    **{name: tuple(dict.fromkeys(_camel(name))) for name in ("profileArn", "machineId", "baseUrl", "models", "priority")},
    **{name: tuple(dict.fromkeys(_camel(name))) for name in ("maxConcurrency", "proxyUrl", "disabled")},
    "label": ("label", "email"),
    "apiKey": ("apiKey", "api_key", "kiroApiKey"),
    "region": ("authRegion", "auth_region", "region"),
}
METHODS = {
    "social": "social",
    "google": "social",
    "github": "social",
    "idc": "idc",
    "builder-id": "idc",
    "builderid": "idc",
    "enterprise": "idc",
    "api-key": "api-key",
    "api_key": "api-key",
    "nonce": "nonce",
    "none": "none",
}
