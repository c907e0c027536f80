"""Routes: public names that an administrator gave to models, with a chain of fallbacks behind each."""

from dataclasses import dataclass
from enum import StrEnum


class Match(StrEnum):
    """How a name that a client wrote is compared with the route's."""

    EXACT = "exact"
    PREFIX = "prefix"


@dataclass(frozen=True, slots=True)
class Target:
    """Who may serve a name: a model at the accounts of a kind, at these accounts only (empty: all).

    In a route the model may be left to the client: "" is the name as it was written, and a `*` stands for
    what follows the route's prefix, in an exact route for the name. Once a name was looked up it is the
    upstream's id.
    """

    kind: str
    model: str
    account_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the routing table; `targets` in the order in which they are tried."""

    name: str
    match: Match
    targets: tuple[Target, ...]
