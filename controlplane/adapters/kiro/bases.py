"""Where Kiro's account endpoints are, and which spelling of their paths a host understands."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.domain.errors import ProviderUnavailable

# A region becomes part of a host name that is sent credentials, so nothing else may get in.
REGION = re.compile(r"[a-z]{2}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}")
MARK = "{region}"


@dataclass(frozen=True, slots=True)
class Bases:
    """Addresses without a trailing slash; `{region}` is filled in for each account."""

    auth: str = "https://prod.{region}.auth.desktop.kiro.dev"
    oidc: str = "https://oidc.{region}.amazonaws.com"
    management: str = "https://management.{region}.kiro.dev"

    @classmethod
    def chosen(cls, auth: str, oidc: str, management: str | None, api: Sequence[str]) -> "Bases":
        """The bases that the settings mean: a chat address of one's own serves the control calls too,
        unless they have an address of their own.
        """
        own = api[0] if api and api[0] != RUNTIME else None
        return cls(auth, oidc, management or own or cls().management)


def at(base: str, region: str) -> str:
    """`base` for `region`. Raises ProviderUnavailable when the region cannot be part of a host name."""
    if MARK not in base:
        return base
    if not REGION.fullmatch(region):
        raise ProviderUnavailable("the account's region is not the name of a region")
    return base.replace(MARK, region)


class Spellings:
    """Which of the two spellings of the control paths each base understands; learned, not configured."""

    def __init__(self) -> None:
        self._second: set[str] = set()

    def order(self, base: str, operation: str) -> tuple[str, str]:
        """The paths to try, best first."""
        first, second = PATHS[operation]
        return (second, first) if base in self._second else (first, second)

    def learn(self, base: str, operation: str, path: str) -> None:
        """Remember what worked."""
        if path == PATHS[operation][1]:
            self._second.add(base)
        else:
            self._second.discard(base)


RUNTIME = "https://runtime.{region}.kiro.dev"
# Two spellings were seen on the management host within one summer (Kiro wire notes, management host).
PATHS = {
    "usage": ("/getUsageLimits", "/Get-Usage-Limits"),
    "models": ("/ListAvailableModels", "/List-Available-Models"),
    "profiles": ("/ListAvailableProfiles", "/List-Available-Profiles"),
}
