"""Routes that add a Kiro account by signing in on another device."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints

from controlplane.domain.account import AccountView
from controlplane.rest import errors
from controlplane.rest.account_schemas import shown
from controlplane.rest.audit import Audited
from controlplane.rest.schemas import Body, Text, View, moment
from controlplane.rest.wired import Wired
from controlplane.service.device_login import DEFAULT_REGION, MOST, START_URL, Login, Stage

router = APIRouter(prefix="/api/accounts/login/kiro", tags=["accounts"])

SECRETS = ("clientId", "clientSecret", "refreshToken", "accessToken")
Given = Annotated[Text, StringConstraints(min_length=1)]


class LoginBody(Body):
    """All of it may be left out."""

    label: Given | None = None
    region: Annotated[Given | None, Field(description=f"Of the sign-in; {DEFAULT_REGION} unless it is said")] = None
    start_url: Annotated[Given | None, Field(description=f"The organisation's start page; {START_URL} unless it is said")] = None


class LoginBegun(View):
    """`user_code` is to be typed at `verification_uri`; at the complete one it is filled in already."""

    id: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_at: datetime | None


class LoginRead(View):
    """`account_id`: what came of it; `error`: why nothing did."""

    status: Stage
    account_id: str | None
    error: str | None


CROWDED: dict[int | str, dict[str, Any]] = {429: {"model": errors.ErrorBody, "description": f"{MOST} sign-ins wait for somebody"}}


@router.post(
    "",
    status_code=202,
    response_model=LoginBegun,
    responses={**errors.TAKEN, **errors.REFUSED, **CROWDED},
)
async def begin_kiro_login(services: Wired, audited: Audited, body: LoginBody | None = None) -> Response:
    """Begin to sign in. The account is stored as soon as a person has agreed on the page of the sign-in service."""
    wanted = body or LoginBody()

    async def made(view: AccountView) -> None:
        account = shown(view)
        await audited.note("account.create", account.id, account.label, after=account, secrets=SECRETS)

    login = await services.logins.begin(wanted.label or "", wanted.region or DEFAULT_REGION, wanted.start_url or START_URL, made)
    if login is None:
        return errors.answer(429, "too_many_logins", f"{MOST} sign-ins wait for somebody already", headers={"retry-after": "60"})
    return JSONResponse(_begun(login).model_dump(mode="json", by_alias=True), 202, {"location": f"{router.prefix}/{login.id}"})


@router.get("/{login_id}", responses=errors.ABSENT)
async def read_kiro_login(services: Wired, login_id: str) -> LoginRead:
    """How far a sign-in is; it is told for ten minutes after its end."""
    login = services.logins.get(login_id)
    return LoginRead(status=login.stage, account_id=login.account_id or None, error=login.error or None)


def _begun(login: Login) -> LoginBegun:
    grant = login.grant
    return LoginBegun(
        id=login.id,
        user_code=grant.user_code,
        verification_uri=grant.uri,
        verification_uri_complete=grant.uri_complete,
        expires_at=moment(login.expires_at),
    )
