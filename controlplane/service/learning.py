"""Facts about an account that came out while it was used; the database is written first.

Attempts report them on the hot path, which waits for no database: should storing fail, the next
attempt that finds them out says them again.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from controlplane.policy import cooldown
from controlplane.policy.families import ARN
from controlplane.service.background import Background
from controlplane.service.ports import AccountStore
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

PROFILE = "profile_arn"


class Learning:
    """Keeps what was found out."""

    def __init__(self, store: AccountStore, standings: Standings, background: Background) -> None:
        self._store = store
        self._standings = standings
        self._background = background
        self._keeping: set[str] = set()

    def learned(self, seat: Seat, facts: Mapping[str, str]) -> None:
        """Take in what an attempt found out; names that are unknown here come from a newer data plane."""
        found = facts.get(PROFILE, "")
        if wanted(seat, found) and seat.account.id not in self._keeping:
            self._keeping.add(seat.account.id)
            self._background.spawn(self.keep_profile(seat, found), f"keep profile {seat.account.id}")

    async def keep_profile(self, seat: Seat, found: str) -> None:
        """Store and use a profile that was found, unless the account has one of its own or it is none."""
        try:
            if wanted(seat, found):
                await self._store.set_profile(seat.account.id, found)
        except Exception:  # the edge to the database: the account goes on without
            log.exception("the profile could not be stored, the next find tries again account=%s", seat.account.id)
            return
        finally:
            self._keeping.discard(seat.account.id)
        if wanted(seat, found):
            seat.account = replace(seat.account, profile_arn=found)
            seat.settle()
            # Without its own profile it may have been refused what it may do.
            self._standings.lift(seat, cooldown.TABLE["forbidden"].reason)


def wanted(seat: Seat, found: str) -> bool:
    """Whether it is a profile, and one that the account lacks."""
    return not seat.account.profile_arn and bool(ARN.fullmatch(found))
