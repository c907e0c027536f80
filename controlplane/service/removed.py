"""What was removed a moment ago, so that a mistake can be undone.

In the memory of this process only: another control plane, or this one after a restart, knows nothing of it.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Generic, TypeVar

from controlplane.domain.account import Account, Allowance, Credentials
from controlplane.domain.errors import Absent
from controlplane.domain.model import ModelFacts
from controlplane.service.ports import Clock, Past, Standing, StoredAccount, Vault
from controlplane.service.roster import Seat

T = TypeVar("T")

KEPT_SECONDS = 600
MOST = 100  # the oldest goes first
FIELD = "removed"  # the purpose for which an account's secrets are sealed


class Removed(Generic[T]):
    """Removed things by their id, each for KEPT_SECONDS."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, tuple[float, T]] = {}

    def keep(self, removed_id: str, thing: T) -> None:
        """It was removed now."""
        self._prune()
        self._kept.pop(removed_id, None)
        self._kept[removed_id] = (self._clock.now() + KEPT_SECONDS, thing)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]

    def find(self, removed_id: str) -> T:
        """It stays until it is forgotten, for what is done with it may fail. Raises Absent."""
        self._prune()
        if removed_id not in self._kept:
            raise Absent("nothing of that id was removed within the last ten minutes")
        return self._kept[removed_id][1]

    def forget(self, removed_id: str) -> None:
        """It is there again."""
        self._kept.pop(removed_id, None)

    def _prune(self) -> None:
        now = self._clock.now()
        for removed_id in [each for each, (until, _) in self._kept.items() if until <= now]:
            del self._kept[removed_id]


@dataclass(slots=True)
class RemovedAccount:
    """All that was known of an account; its secrets are sealed as they are where accounts are stored."""

    account: Account
    sealed: bytes = field(repr=False)
    standing: Standing
    models: Sequence[ModelFacts]
    models_at: int
    allowance: Allowance | None
    past: Past


class RemovedAccounts:
    """Removed accounts."""

    def __init__(self, vault: Vault, clock: Clock) -> None:
        self._vault = vault
        self._removed: Removed[RemovedAccount] = Removed(clock)

    def keep(self, seat: Seat, past: Past) -> None:
        """The seat's account was removed now."""
        account, breakers = seat.account, tuple(replace(one, probe="", overdue=()) for one in seat.candidate.breakers.values())
        sealed = self._sealed(account.id, seat.credentials)
        standing = replace(seat.standing, breakers=breakers)
        models = tuple(seat.listed.values())
        self._removed.keep(account.id, RemovedAccount(account, sealed, standing, models, seat.offered_at, seat.allowance, past))

    def find(self, account_id: str) -> RemovedAccount:
        """Raises Absent."""
        return self._removed.find(account_id)

    def stored(self, kept: RemovedAccount) -> StoredAccount:
        """The account as it was, with the secrets that it has by now."""
        return StoredAccount(kept.account, self._opened(kept), kept.standing, kept.models, kept.models_at, kept.allowance)

    def renewed(self, account_id: str, credentials: Credentials) -> None:
        """A trade that was under way when the account was removed brought newer ones: the old are dead by now."""
        try:
            kept = self._removed.find(account_id)
        except Absent:
            return  # for good
        if credentials.version > self._opened(kept).version:
            kept.sealed = self._sealed(account_id, credentials)

    def forget(self, account_id: str) -> None:
        """It is there again."""
        self._removed.forget(account_id)

    def _sealed(self, account_id: str, credentials: Credentials) -> bytes:
        return self._vault.seal(account_id, FIELD, json.dumps(asdict(credentials)))

    def _opened(self, kept: RemovedAccount) -> Credentials:
        return Credentials(**json.loads(self._vault.open(kept.account.id, FIELD, kept.sealed)))
