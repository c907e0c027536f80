"""Routes of tokens: credentials for scripts. For administrators only, also to read."""

from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Query, Response
from pydantic import Field

from controlplane.domain.user import ApiToken, Role
from controlplane.rest import errors
from controlplane.rest.audit import Audited
from controlplane.rest.auth import CONFIRMED, Asking
from controlplane.rest.schemas import Body, Moment, Page, Text, View, cut, moment
from controlplane.rest.wired import Wired
from controlplane.service.tokens import TokenDraft

router = APIRouter(prefix="/api/tokens", tags=["tokens"], dependencies=[CONFIRMED])


class TokenBody(Body):
    """A new token."""

    name: Text
    role: Role
    expires_at: Moment | None = Field(None, description="null: never")


class TokenRead(View):
    """A token; the token itself is shown only once. `prefix` is its visible beginning."""

    VOLATILE: ClassVar[frozenset[str]] = frozenset({"used_at"})
    id: str
    name: str
    prefix: str
    role: Role
    created_at: datetime | None
    created_by: str
    expires_at: datetime | None
    used_at: datetime | None


class TokenCreated(TokenRead):
    token: str = Field(description="The token itself: this is the only time it is shown")


class TokenList(View):
    tokens: list[TokenRead]
    next_cursor: str | None
    total: int


@router.get("")
async def list_tokens(services: Wired, query: Annotated[Page, Query()]) -> TokenList:
    """All tokens, oldest first, also those that have expired."""
    tokens = services.tokens.list()
    found, cursor = cut(tokens, lambda token: f"{token.created_at:012d}{token.id}", query)
    return TokenList(tokens=[_shown(token) for token in found], next_cursor=cursor, total=len(tokens))


@router.post("", status_code=201, responses=errors.TAKEN)
async def create_token(services: Wired, audited: Audited, who: Asking, body: TokenBody) -> TokenCreated:
    """Make a token. The answer holds it, for the only time."""
    expires_at = int(body.expires_at.timestamp()) if body.expires_at is not None else 0
    token, secret = await services.tokens.create(TokenDraft(body.name, body.role, expires_at), who.name)
    await audited.note("token.create", token.id, token.name, after=_shown(token))
    return TokenCreated(token=secret, **_shown(token).model_dump())


@router.delete("/{token_id}", status_code=204, responses=errors.ABSENT)
async def delete_token(services: Wired, audited: Audited, token_id: str) -> Response:
    """Remove a token; it stops working at once."""
    token = await services.tokens.remove(token_id)
    await audited.note("token.delete", token_id, token.name, before=_shown(token))
    return Response(status_code=204)


def _shown(token: ApiToken) -> TokenRead:
    return TokenRead(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        role=token.role,
        created_at=moment(token.created_at),
        created_by=token.created_by,
        expires_at=moment(token.expires_at),
        used_at=moment(token.used_at),
    )
