"""What people call keys and accounts, by the ids that records keep."""

from controlplane.domain.errors import Absent
from controlplane.domain.key import CONSOLE_KEY_ID, PROXY_KEY_ID
from controlplane.service.keys import Keys
from controlplane.service.roster import Roster


class Names:
    """Looks them up in memory, and never waits. None: it is gone, or was a caller's own."""

    def __init__(self, keys: Keys, roster: Roster) -> None:
        self._keys = keys
        self._roster = roster

    def key(self, key_id: str) -> str | None:
        """The proxy key and the console's own have no record; their ids are their names."""
        if key_id in (PROXY_KEY_ID, CONSOLE_KEY_ID):
            return key_id
        try:
            return self._keys.get(key_id).name
        except Absent:
            return None

    def account(self, account_id: str) -> str | None:
        seat = self._roster.find(account_id)
        return seat.account.label if seat is not None else None
