"""How routes say who changed what, and the route that tells it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.exceptions import HTTPException

from controlplane.domain.audit import Change, ChangeQuery
from controlplane.domain.user import Role, Who
from controlplane.policy import rights
from controlplane.rest.auth import Asking
from controlplane.rest.errors import AWAY_SECONDS
from controlplane.rest.schemas import Body, Page, Text, View, moment
from controlplane.rest.wired import Wired
from controlplane.service.audit import Actor, Audit

router = APIRouter(prefix="/api/audit", tags=["audit"])

CHANGED = "changed"  # all that is told of a secret


class Auditor:
    """Notes the changes of one request."""

    def __init__(self, audit: Audit, who: Actor) -> None:
        self._audit = audit
        self._who = who

    async def note(
        self,
        action: str,
        target: str,
        name: str = "",
        before: View | None = None,
        after: View | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        """A change was made to `target`, called `name`. The objects are told as REST shows them but for what
        changes by itself; of `secrets`, the fields that no object shows, only that they were given.
        """
        new = None if after is None else {**_told(after), **dict.fromkeys(secrets, CHANGED)}
        await self._audit.note(self._who, action, target, name, None if before is None else _told(before), new)


async def auditor(request: Request, services: Wired) -> Auditor:
    """Notes what the caller, whom the gate let in, changes. What could not be noted is not changed in the first place."""
    if not services.audit.room:
        raise HTTPException(503, headers={"retry-after": str(AWAY_SECONDS)})
    return Auditor(services.audit, request.state.actor)


Audited = Annotated[Auditor, Depends(auditor)]


def secrets(body: Body) -> list[str]:
    """The secrets that a body named, as the caller spells them: what is kept out of its repr is one."""
    return [spelled for name, spelled in secret_fields(type(body)).items() if name in body.model_fields_set]


def secret_fields(body: type[Body]) -> dict[str, str]:
    """Names of the secrets among the fields of such a body, and how callers spell them."""
    return {name: field.alias or name for name, field in body.model_fields.items() if not field.repr}


class AuditFilter(Page):
    """`action` is a whole one ("key.update") or its first half ("key"), `target` an id."""

    actor: Text | None = None
    action: Text | None = None
    target: Text | None = None


class ChangeRead(View):
    """A change. What was there `before` and `after`: of what is created or removed all of it, of what was
    changed the fields that differ.
    """

    id: int
    at: datetime | None
    actor: str
    address: str
    action: str
    target: str
    target_name: str = Field(description="What it was called then")
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ChangeList(View):
    changes: list[ChangeRead]
    next_cursor: str | None


@router.get("")
async def list_changes(services: Wired, who: Asking, query: Annotated[AuditFilter, Query()]) -> ChangeList:
    """What administrators changed, newest first. While the database is away, changes are noted later."""
    page = await services.audit.page(ChangeQuery(**query.model_dump(), without=rights.untold(who.role)))
    return ChangeList(changes=[_shown(change, who) for change in page.changes], next_cursor=page.cursor)


def _told(view: View) -> dict[str, Any]:
    return view.model_dump(mode="json", by_alias=True, exclude=set(view.VOLATILE))


def _shown(change: Change, who: Who) -> ChangeRead:
    """Where others work is for administrators to know."""
    return ChangeRead(
        **{name: getattr(change, name) for name in PLAIN},
        address=change.address if who.role is Role.ADMIN or change.actor == who.name else "",
        at=moment(change.at_ms / 1000),
        before=None if change.before is None else dict(change.before),
        after=None if change.after is None else dict(change.after),
    )


PLAIN = ("id", "actor", "action", "target", "target_name")
