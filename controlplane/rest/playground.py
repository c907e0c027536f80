"""The route that lets the console's pages ask the data plane."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import Field

from controlplane.rest.audit import Audited
from controlplane.rest.auth import Asking
from controlplane.rest.schemas import View, moment
from controlplane.rest.wired import Wired

router = APIRouter(prefix="/api/playground", tags=["playground"])


class PassCreated(View):
    credential: str = Field(serialization_alias="pass", description="What the data plane takes for a key; stored nowhere")
    expires_at: datetime | None


@router.post("/pass", status_code=201)
async def create_playground_pass(services: Wired, audited: Audited, who: Asking) -> PassCreated:
    """A credential for the data plane, good for half an hour. Its requests are recorded under the key id "console"."""
    issued = services.passes.issue(who.id)
    await audited.note("playground.pass", who.name, who.name)
    return PassCreated(credential=issued.text, expires_at=moment(issued.expires_at))
