"""What is open to everyone: the page for people, and what machines ask of a process."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
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


@router.get("/", response_class=HTMLResponse)
async def page(services: Wired) -> HTMLResponse:
    """What runs here, for people."""
    text, policy = _page()
    return HTMLResponse(text.replace("{{version}}", services.version), headers={"content-security-policy": policy})


@cache
def _page() -> tuple[str, str]:
    """The page and a policy that allows nothing but the page's own style, by its hash."""
    text = files("controlplane.rest").joinpath("page.html").read_text("utf-8")
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return text, policy
