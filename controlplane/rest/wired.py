"""How a route gets at the use cases."""

from typing import Annotated

from fastapi import Depends, Request

from controlplane.service.services import Services


async def wired(request: Request) -> Services:
    """The services this application was built with. Async, so that no thread is taken for it."""
    services: Services = request.app.state.services
    return services


Wired = Annotated[Services, Depends(wired)]
