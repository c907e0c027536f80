"""What machines ask of a process; open to everyone."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from controlplane.rest.schemas import View
from controlplane.rest.wired import Wired

router = APIRouter(tags=["process"])


class Health(View):
    status: str
    version: str


class Readiness(View):
    """`reasons` say why the process cannot serve."""

    status: str
    reasons: list[str]


@router.get("/health")
async def health(services: Wired) -> Health:
    """That the process is up."""
    return Health(status="healthy", version=services.version)


@router.get("/ready", responses={503: {"model": Readiness, "description": "It cannot serve now"}}, response_model=Readiness)
async def ready(services: Wired) -> Response:
    """Whether the process can serve."""
    reasons = list(await services.ready())
    answer = Readiness(status="not ready" if reasons else "ready", reasons=reasons)
    headers = {"retry-after": "5"} if reasons else None
    return JSONResponse(answer.model_dump(by_alias=True), 503 if reasons else 200, headers)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    return Response(request.app.state.exposition.text(), media_type=CONTENT_TYPE_LATEST)
