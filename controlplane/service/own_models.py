"""What callers' own accounts offer: asked when they are used, kept in memory, shown to nobody."""

import asyncio
import logging
from collections.abc import Mapping

from controlplane.domain.errors import AccessRejected, CallForbidden, ProviderError
from controlplane.service.catalogue import ASK_AGAIN, STALE_AFTER
from controlplane.service.ports import Clock, Provider
from controlplane.service.refreshing import Refreshing
from controlplane.service.roster import Seat
from controlplane.service.standing import Standings

log = logging.getLogger(__name__)

# After a restart all callers come back at once; until their lists are there, the well-known models stand in.
AT_A_TIME = 8


class OwnModels:
    """Fetches the lists of own accounts. They never become part of the public model table."""

    def __init__(self, providers: Mapping[str, Provider], refreshing: Refreshing, standings: Standings, clock: Clock) -> None:
        self._providers = providers
        self._refreshing = refreshing
        self._standings = standings
        self._clock = clock
        self._places = asyncio.Semaphore(AT_A_TIME)

    async def fetch(self, seat: Seat) -> float:
        """Ask what the account offers and use it; when to ask again, epoch seconds."""
        async with self._places:
            try:
                models = await self._refreshing.presented(seat, self._providers[seat.account.kind].models)
            except (AccessRejected, CallForbidden) as error:
                # Not a matter of minutes; and each try with a refused token costs a new one.
                return self._later(seat, error, STALE_AFTER)
            except ProviderError as error:
                return self._later(seat, error, ASK_AGAIN)
            now = self._clock.now()
            seat.offer(models, int(now))
            return now + STALE_AFTER

    def _later(self, seat: Seat, error: ProviderError, seconds: float) -> float:
        log.warning("no model list account=%s reason=%s", seat.account.id, error.message)
        return self._clock.now() + seconds
