"""What the REST side is handed: every use case, already wired."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from controlplane.service.accounts import Accounts
from controlplane.service.administration import Administration
from controlplane.service.audit import Audit
from controlplane.service.catalogue import Catalogue
from controlplane.service.device_login import DeviceLogins
from controlplane.service.feed import Feed
from controlplane.service.keys import Keys
from controlplane.service.leasing import Leasing
from controlplane.service.names import Names
from controlplane.service.originals import Originals
from controlplane.service.overview import Overview
from controlplane.service.passes import Passes
from controlplane.service.ports import Clock
from controlplane.service.prices import Prices
from controlplane.service.records import Records
from controlplane.service.routes import Routes
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.sequences import Sequences
from controlplane.service.sessions import Sessions
from controlplane.service.testing import Trials
from controlplane.service.timeline import Timeline
from controlplane.service.tokens import Tokens
from controlplane.service.usage import KeyUsage
from controlplane.service.users import Users


@dataclass(frozen=True)
class Services:
    """`ready` answers with the reasons why the process cannot serve, empty when it can.

    `started_at`: epoch seconds.
    """

    accounts: Accounts
    keys: Keys
    catalogue: Catalogue
    leasing: Leasing
    records: Records
    prices: Prices
    routes: Routes
    usage: KeyUsage
    audit: Audit
    sequences: Sequences
    settings: RuntimeSettings
    administration: Administration
    users: Users
    sessions: Sessions
    tokens: Tokens
    originals: Originals
    overview: Overview
    feed: Feed
    timeline: Timeline
    names: Names
    passes: Passes
    testing: Trials
    logins: DeviceLogins
    clock: Clock
    version: str
    started_at: float
    ready: Callable[[], Awaitable[Sequence[str]]]
