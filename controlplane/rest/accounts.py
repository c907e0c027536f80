"""Routes of accounts."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from controlplane.domain.account import AccountView, Status
from controlplane.domain.errors import ProviderError
from controlplane.rest import errors, importing, routes
from controlplane.rest.account_schemas import (
    AccountBody,
    AccountList,
    AccountRead,
    AccountStood,
    AllowanceRead,
    ImportResult,
    Verified,
    draft,
    shown,
)
from controlplane.rest.audit import Audited, Auditor, secrets
from controlplane.rest.schemas import Page, cut
from controlplane.rest.wired import Wired
from controlplane.service.accounts import SLICE, Changed

router = APIRouter(prefix="/api/accounts", tags=["accounts"])


class AccountFilter(Page):
    status: Status | None = None


@router.get("")
async def list_accounts(services: Wired, query: Annotated[AccountFilter, Query()]) -> AccountList:
    """All accounts, oldest first."""
    views = [view for view in await services.accounts.listed() if query.status in (None, view.status)]
    found, cursor = cut(views, _place, query)
    accounts: list[AccountRead] = []
    for start in range(0, len(found), SLICE):
        accounts += [shown(view) for view in found[start : start + SLICE]]
        await asyncio.sleep(0)
    return AccountList(accounts=accounts, next_cursor=cursor, total=len(views))


@router.post("", status_code=201, responses=errors.TAKEN)
async def create_account(services: Wired, audited: Audited, body: AccountBody) -> AccountRead:
    """Store an account. Its first token refresh follows at once, in the background."""
    made = shown(await services.accounts.create(draft(body)))
    await audited.note("account.create", made.id, made.label, after=made, secrets=secrets(body))
    return made


@router.post("/import")
async def import_accounts(services: Wired, audited: Audited, body: importing.Rows) -> ImportResult:
    """Store many accounts: an array of bodies as for creating one, or of Kiro credential files, or one
    such object. Each line succeeds or fails by itself.
    """
    return await importing.store(services.accounts, body, audited)


@router.get("/{account_id}", responses=errors.ABSENT)
async def read_account(services: Wired, account_id: str) -> AccountRead:
    return shown(services.accounts.get(account_id))


@router.put("/{account_id}", responses={**errors.ABSENT, **errors.TAKEN, **errors.REFUSED})
async def update_account(services: Wired, audited: Audited, account_id: str, body: AccountBody) -> AccountRead:
    """Change what the body names; null restores a field's default. New credentials are a new sign-in."""
    before, after = map(shown, await services.accounts.update(account_id, body.changes()))
    await audited.note("account.update", account_id, after.label, before, after, secrets(body))
    return after


@router.delete("/{account_id}", status_code=204, responses=errors.ABSENT)
async def delete_account(services: Wired, audited: Audited, account_id: str) -> Response:
    """Remove an account and its secrets, and its name from all routes. Requests that are under way end as they will."""
    before = shown(await services.accounts.remove(account_id))
    await audited.note("account.delete", account_id, before.label, before)
    await routes.noted(audited, *await services.routes.forget(account_id))
    return Response(status_code=204)


@router.post("/{account_id}/restore", responses={**errors.ABSENT, **errors.TAKEN})
async def restore_account(services: Wired, audited: Audited, account_id: str) -> AccountRead:
    """Undo the removal of an account, for ten minutes; its name returns to the routes that nobody changed since."""
    made = shown(await services.accounts.restore(account_id))
    await audited.note("account.restore", account_id, made.label, after=made)
    await routes.noted(audited, *await services.routes.recall(account_id))
    return made


@router.post("/{account_id}/enable", responses=errors.ABSENT)
async def enable_account(services: Wired, audited: Audited, account_id: str) -> AccountRead:
    """Put it back into the pool and forget why it was out."""
    return await _switched(audited, "account.enable", await services.accounts.enable(account_id))


@router.post("/{account_id}/disable", responses=errors.ABSENT)
async def disable_account(services: Wired, audited: Audited, account_id: str) -> AccountRead:
    """Take it out of the pool until it is enabled."""
    return await _switched(audited, "account.disable", await services.accounts.disable(account_id))


@router.post("/{account_id}/refresh", responses={**errors.ABSENT, **errors.REFUSED})
async def refresh_account(services: Wired, audited: Audited, account_id: str) -> AccountRead:
    """Renew its token or nonce now."""
    label = services.accounts.get(account_id).account.label
    try:
        return shown(await services.accounts.refresh(account_id))
    finally:
        await audited.note("account.refresh", account_id, label)


@router.post("/{account_id}/verify", responses=errors.ABSENT)
async def verify_account(services: Wired, audited: Audited, account_id: str) -> Verified:
    """Ask the provider whether the account works, and set its status by the answer."""
    fault = None
    try:
        await services.accounts.verify(account_id)
    except ProviderError as error:
        fault = error.message
    account = shown(services.accounts.get(account_id))
    await audited.note("account.verify", account_id, account.label)
    return Verified(valid=fault is None, error=fault, account=account)


@router.get("/{account_id}/usage", responses={**errors.ABSENT, **errors.REFUSED})
async def read_account_usage(services: Wired, account_id: str) -> AllowanceRead:
    """What the upstream says is left, asked now. Kinds that tell no such thing have none."""
    allowance = await services.accounts.allowance(account_id)
    return AllowanceRead.of(allowance, services.accounts.get(account_id).forecast)


async def _switched(audited: Auditor, action: str, changed: Changed) -> AccountRead:
    before, after = map(shown, changed)
    await audited.note(action, after.id, after.label, AccountStood.of(before), AccountStood.of(after))
    return after


def _place(view: AccountView) -> str:
    return f"{view.account.created_at:012d}{view.account.id}"
