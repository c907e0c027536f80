"""Routes of users: who may sign in. For administrators only, also to read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, StrictBool

from controlplane.domain.errors import Invalid
from controlplane.domain.user import Role, User
from controlplane.rest import audit, errors
from controlplane.rest.audit import Audited
from controlplane.rest.auth import CONFIRMED, Asking
from controlplane.rest.schemas import Body, Page, Text, View, cut, moment
from controlplane.rest.session import Secret
from controlplane.rest.wired import Wired

router = APIRouter(prefix="/api/users", tags=["users"], dependencies=[CONFIRMED])


class UserBody(Body):
    """A new user."""

    name: Text
    password: Secret = Field(repr=False, description="At least 12 characters")
    role: Role


class UserChange(Body):
    """What of a user is changed. All its sessions end, but for one's own when it is only the password."""

    password: Secret | None = Field(None, repr=False, description="At least 12 characters")
    role: Role | None = None
    enabled: StrictBool | None = None
    totp: Literal[False] | None = Field(None, description="Take the second device out of use")

    def changes(self) -> dict[str, Any]:
        """The fields the caller named. Raises Invalid for one that is cleared."""
        named = {name: getattr(self, name) for name in self.model_fields_set}
        for name in CHANGED:
            if name in named and named[name] is None:
                raise Invalid(f"{name} cannot be cleared", name)
        return named


class UserRead(View):
    """Who may sign in. The built-in administrator cannot be removed, disabled or made a viewer."""

    VOLATILE: ClassVar[frozenset[str]] = frozenset({"seen_at"})
    id: str
    name: str
    role: Role
    enabled: bool
    built_in: bool
    totp: bool = Field(description="Whether a second device is in use")
    created_at: datetime | None
    seen_at: datetime | None


class UserList(View):
    users: list[UserRead]
    next_cursor: str | None
    total: int


@router.get("")
async def list_users(services: Wired, query: Annotated[Page, Query()]) -> UserList:
    """Everybody who may sign in, oldest first."""
    users = services.users.list()
    found, cursor = cut(users, lambda user: f"{user.created_at:012d}{user.id}", query)
    return UserList(users=[_shown(user) for user in found], next_cursor=cursor, total=len(users))


@router.post("", status_code=201, responses=errors.TAKEN)
async def create_user(services: Wired, audited: Audited, body: UserBody) -> UserRead:
    """Let somebody else sign in."""
    user = await services.users.create(body.name, body.password, body.role)
    await audited.note("user.create", user.id, user.name, after=_shown(user))
    return _shown(user)


@router.put("/{user_id}", responses=errors.ABSENT | errors.TAKEN, response_model=UserRead)
async def update_user(services: Wired, audited: Audited, who: Asking, user_id: str, body: UserChange) -> UserRead | Response:
    """Change what the body names."""
    changes = body.changes()
    if "password" in changes and services.administration.fixed(services.users.get(user_id)):
        return errors.environment()
    keep = who.session.id if who.session is not None else ""
    before, after = await services.users.update(user_id, changes, keep)
    await audited.note("user.update", user_id, after.name, _shown(before), _shown(after), audit.secrets(body))
    return _shown(after)


@router.delete("/{user_id}", status_code=204, responses=errors.ABSENT)
async def delete_user(services: Wired, audited: Audited, user_id: str) -> Response:
    """Remove a user; all its sessions end at once."""
    user = await services.users.remove(user_id)
    await audited.note("user.delete", user_id, user.name, before=_shown(user))
    return Response(status_code=204)


def _shown(user: User) -> UserRead:
    return UserRead(
        id=user.id,
        name=user.name,
        role=user.role,
        enabled=user.enabled,
        built_in=user.built_in,
        totp=bool(user.totp_secret),
        created_at=moment(user.created_at),
        seen_at=moment(user.seen_at),
    )


CHANGED: Sequence[str] = ("password", "role", "enabled", "totp")
