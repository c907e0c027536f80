"""Where Kiro's account endpoints are, and which spelling of their paths a host understands."""

import re
from dataclasses import dataclass

from controlplane.domain.errors import ProviderUnavailable
from controlplane.policy.hosts import MARK, PROFILES, Hosts

# A region becomes part of a host name that is sent credentials, so nothing else may get in.
REGION = re.compile(r"[a-z]{2}(?:-[a-z]{1,12}){1,3}-[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class Bases:
    """Addresses without a trailing slash; `{region}` is filled in for each account. `dashed`: the
    management address may know the second spellings.
    """

    auth: str = "https://prod.{region}.auth.desktop.kiro.dev"
    oidc: str = "https://oidc.{region}.amazonaws.com"
    management: str = PROFILES["runtime"].management
    dashed: bool = True

    @classmethod
    def chosen(cls, auth: str, oidc: str, hosts: Hosts) -> "Bases":
        """The bases that the settings mean."""
        return cls(auth, oidc, hosts.management, hosts.dashed)


def at(base: str, region: str) -> str:
    """`base` for `region`. Raises ProviderUnavailable when the region cannot be part of a host name."""
    if MARK not in base:
        return base
    if not REGION.fullmatch(region):
        raise ProviderUnavailable("the account's region is not the name of a region")
    return base.replace(MARK, region)


class Spellings:
    """Which of the two spellings of the control paths each base understands; learned, not configured.
    Hosts that are not `dashed` know the first only.
    """

    def __init__(self, *, dashed: bool = True) -> None:
        self._dashed = dashed
        self._second: set[str] = set()

    def order(self, base: str, operation: str) -> tuple[str, ...]:
        """The paths to try, best first."""
        first, second = PATHS[operation]
        if not self._dashed:
            return (first,)
        return (second, first) if base in self._second else (first, second)

    def learn(self, base: str, operation: str, path: str) -> None:
        """Remember what worked."""
        if path == PATHS[operation][1]:
            self._second.add(base)
        else:
            self._second.discard(base)


# Two spellings were seen on the management host within one summer (Kiro wire notes, management host).
PATHS = {
    "usage": ("/getUsageLimits", "/Get-Usage-Limits"),
    "models": ("/ListAvailableModels", "/List-Available-Models"),
    "profiles": ("/ListAvailableProfiles", "/List-Available-Profiles"),
}
