"""Routes of one's own sign-in: coming, going, password, second device; and which browsers are signed in."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StrictBool, StringConstraints

from controlplane.domain.errors import Absent
from controlplane.domain.user import ADMIN_NAME, Refused, Role, Session, User, Who
from controlplane.policy import totp
from controlplane.rest import errors
from controlplane.rest.audit import Audited, Auditor
from controlplane.rest.auth import Asking, Coming, hand_out, let_go, refused
from controlplane.rest.schemas import Body, Page, Text, View, cut, moment
from controlplane.rest.wired import Wired
from controlplane.service.administration import Attempt
from controlplane.service.audit import Actor
from controlplane.service.services import Services
from controlplane.service.sessions import LONGEST_SECONDS

open_router = APIRouter(prefix="/api", tags=["session"])
router = APIRouter(prefix="/api", tags=["session"])

Secret = Annotated[str, StringConstraints(max_length=1024)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)]


class SignIn(Body):
    name: Text = ADMIN_NAME
    password: Secret = Field(repr=False)
    code: Code | None = Field(None, repr=False, description="Of the second device, where one is in use")


class PasswordBody(Body):
    current: Secret = Field(repr=False)
    new: Secret = Field(repr=False, description="At least 12 characters")


class TotpBody(Body):
    enabled: StrictBool
    code: Code = Field(repr=False)


class Myself(View):
    """Who is signed in; a token is told as a user of its name."""

    id: str
    name: str
    role: Role
    built_in: bool
    totp: bool = Field(description="Whether a second device is in use")


class SessionRead(View):
    """One's own session; with a bearer there is none, and both are null."""

    user: Myself
    csrf_token: str | None = Field(description="To be sent as x-csrf-token with every write")
    expires_at: datetime | None = Field(description="If it is not used again")


class TotpBegun(View):
    """To be put into an authenticator app, as text or as a QR code of the URI; shown only now."""

    secret: str
    uri: str


class SessionRow(View):
    """A browser that is signed in. `agent` is what it calls itself; `current`: it is the one that asks."""

    id: str
    user_id: str
    user_name: str
    created_at: datetime | None
    seen_at: datetime | None
    expires_at: datetime | None
    address: str
    agent: str
    current: bool


class SessionList(View):
    sessions: list[SessionRow]
    next_cursor: str | None
    total: int


class SessionNote(View):
    """What the audit log tells of a session."""

    user: str
    agent: str


class TotpNote(View):
    """What the audit log tells of a second device."""

    totp: bool


@open_router.post(
    "/session",
    status_code=201,
    responses={status: errors.RESPONSES[status] for status in (400, 401, 429, 503)},
    response_model=SessionRead,
)
async def sign_in(request: Request, response: Response, services: Wired, origin: Coming, body: SignIn) -> SessionRead | Response:
    """Sign in. Open to everyone; the answer sets the session's cookie."""
    if not services.audit.room:
        return errors.unnoted()
    opened = await services.administration.sign_in(Attempt(body.name, body.password, body.code or ""), origin)
    if isinstance(opened, Refused):
        return refused(opened)
    audited = Auditor(services.audit, Actor(opened.who.name, origin.address))
    await audited.note("session.create", opened.session.id, opened.who.name, after=_note(services, opened.session))
    hand_out(response, opened.cookie, LONGEST_SECONDS, secure=request.state.secure)
    return _shown(services, opened.who)


@router.get("/session")
async def read_session(services: Wired, who: Asking) -> SessionRead:
    """Who is signed in."""
    return _shown(services, who)


@router.delete("/session", status_code=204)
async def sign_out(request: Request, services: Wired, audited: Audited, who: Asking) -> Response:
    """End one's own session. With a bearer there is none to end."""
    answer = Response(status_code=204)
    if who.session is not None:
        await _end(services, audited, who.session)
    let_go(answer, secure=request.state.secure)
    return answer


@router.put("/session/password", status_code=204, responses=errors.TAKEN)
async def change_password(services: Wired, audited: Audited, who: Asking, origin: Coming, body: PasswordBody) -> Response:
    """Change one's own password. One's other sessions end."""
    if who.user is not None and services.administration.fixed(who.user):
        return errors.environment()
    wrong = await services.administration.change_password(who, body.current, body.new, origin)
    if wrong is not None:
        return refused(wrong)
    user = _user(who)
    await audited.note("user.password", user.id, user.name)
    return Response(status_code=204)


@router.post("/session/totp")
async def begin_totp(services: Wired, who: Asking) -> TotpBegun:
    """A secret for a second device. It is not in force before a code of it was given."""
    secret = await services.administration.begin_totp(who)
    return TotpBegun(secret=secret, uri=totp.uri(secret, who.name))


@router.put("/session/totp", status_code=204)
async def switch_totp(services: Wired, audited: Audited, who: Asking, origin: Coming, body: TotpBody) -> Response:
    """Have a code asked for at sign-in from now on, or no more; both take a code."""
    wrong = await services.administration.switch_totp(who, body.code, origin, on=body.enabled)
    if wrong is not None:
        return refused(wrong) if wrong.wait else errors.answer(400, wrong.code, wrong.message, "code")
    user = _user(who)
    await audited.note("user.totp", user.id, user.name, TotpNote(totp=not body.enabled), TotpNote(totp=body.enabled))
    return Response(status_code=204)


@router.get("/sessions")
async def list_sessions(services: Wired, who: Asking, query: Annotated[Page, Query()]) -> SessionList:
    """Browsers that are signed in: an administrator sees everybody's, a viewer its own. Oldest first."""
    rows = services.sessions.list(_whose(who))
    found, cursor = cut(rows, lambda session: f"{session.created_at:012d}{session.id}", query)
    return SessionList(sessions=[_row(services, session, who) for session in found], next_cursor=cursor, total=len(rows))


@router.delete("/sessions/{session_id}", status_code=204, responses=errors.ABSENT)
async def end_session(services: Wired, audited: Audited, who: Asking, session_id: str) -> Response:
    """End a session at once: any as an administrator, one's own as a viewer."""
    session = services.sessions.get(session_id)
    if _whose(who) not in (None, session.user_id):
        raise Absent("there is no such session")
    await _end(services, audited, session)
    return Response(status_code=204)


def _whose(who: Who) -> str | None:
    """Whose sessions somebody may see and end; None: everybody's. A token has none of its own."""
    if who.role is Role.ADMIN:
        return None
    return who.user.id if who.user is not None else ""


async def _end(services: Services, audited: Auditor, session: Session) -> None:
    await services.sessions.end(session.id)
    await audited.note("session.delete", session.id, _name(services, session), before=_note(services, session))


def _shown(services: Services, who: Who) -> SessionRead:
    session = who.session
    return SessionRead(
        user=_myself(who),
        csrf_token=who.csrf or None,
        expires_at=None if session is None else moment(services.sessions.expires_at(session)),
    )


def _myself(who: Who) -> Myself:
    if who.user is None:
        return Myself(id=who.token.id if who.token else "", name=who.name, role=who.role, built_in=False, totp=False)
    user = who.user
    return Myself(id=user.id, name=user.name, role=user.role, built_in=user.built_in, totp=bool(user.totp_secret))


def _row(services: Services, session: Session, who: Who) -> SessionRow:
    return SessionRow(
        id=session.id,
        user_id=session.user_id,
        user_name=_name(services, session),
        created_at=moment(session.created_at),
        seen_at=moment(session.seen_at),
        expires_at=moment(services.sessions.expires_at(session)),
        address=session.address,
        agent=session.agent,
        current=who.session is not None and who.session.id == session.id,
    )


def _note(services: Services, session: Session) -> SessionNote:
    return SessionNote(user=_name(services, session), agent=session.agent)


def _name(services: Services, session: Session) -> str:
    user = services.users.find(session.user_id)
    return "" if user is None else user.name


def _user(who: Who) -> User:
    """The use case saw to it that it is one."""
    assert who.user is not None
    return who.user
