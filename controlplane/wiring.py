"""Every use case over what it stands on: the inner half of the composition root, which tests share.

What is outside (stores, providers, the ledger, the clock) is handed in; nothing here opens or listens.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from controlplane.domain.limits import Caps, Limits
from controlplane.domain.outcome import Entry
from controlplane.policy.hosts import Hosts
from controlplane.service import metrics
from controlplane.service.accounts import Accounts, Care
from controlplane.service.allowances import Allowances
from controlplane.service.audit import Audit, AuditStore
from controlplane.service.background import Background
from controlplane.service.bulletin import Bulletin
from controlplane.service.catalogue import Catalogue
from controlplane.service.costs import Costs
from controlplane.service.door import Door, DoorStores, Surroundings, built
from controlplane.service.feed import Feed
from controlplane.service.health import Health
from controlplane.service.holding import Holding
from controlplane.service.identity import Identities
from controlplane.service.keys import Keys
from controlplane.service.learning import Learning
from controlplane.service.leases import Leases
from controlplane.service.leasing import Leasing
from controlplane.service.names import Names
from controlplane.service.opening import Opening, Rules
from controlplane.service.overview import Overview
from controlplane.service.own import OwnAccounts
from controlplane.service.own_books import OwnStore
from controlplane.service.placing import Placing
from controlplane.service.ports import (
    AccountStore,
    Clock,
    KeyStore,
    Ledger,
    PriceStore,
    Provider,
    RecordStore,
    Vault,
)
from controlplane.service.prices import Prices
from controlplane.service.queue import Queue
from controlplane.service.records import Records
from controlplane.service.refreshing import Refreshing
from controlplane.service.removed import Removed, RemovedAccounts
from controlplane.service.roster import Roster, Seat
from controlplane.service.routes import Routes, RouteStore
from controlplane.service.runtime_settings import RuntimeSettings
from controlplane.service.seating import Seating
from controlplane.service.sequences import Sequences
from controlplane.service.settling import Settling
from controlplane.service.standing import Standings
from controlplane.service.timeline import Timeline, TimelineStore
from controlplane.service.usage import KeyUsage


@dataclass(frozen=True)
class Outside:
    """What the use cases stand on. `queue_seconds`: how long a request waits for an account. `attempts`: accounts
    that data planes try for a request. `requests_per_minute`: what the installation admits, 0: any number.
    """

    accounts: AccountStore
    own: OwnStore
    keys: KeyStore
    records: RecordStore
    prices: PriceStore
    routes: RouteStore
    audit: AuditStore
    door: DoorStores
    timeline: TimelineStore
    ledger: Ledger
    providers: Mapping[str, Provider]
    vault: Vault
    clock: Clock
    hosts: Hosts
    settings: RuntimeSettings
    background: Background
    queue_seconds: float = 10.0
    attempts: int = 3
    requests_per_minute: int = 0


@dataclass(frozen=True)
class Pool:
    """Accounts and what is known of them."""

    roster: Roster
    standings: Standings
    learning: Learning
    refreshing: Refreshing
    catalogue: Catalogue
    allowances: Allowances
    own: OwnAccounts
    care: Care

    def find(self, account_id: str) -> Seat | None:
        """An account of the pool, or a caller's own."""
        return self.roster.find(account_id) or self.own.find(account_id)


@dataclass(frozen=True)
class Parts:
    """Every use case, wired over what is outside; nothing is loaded yet."""

    outside: Outside
    pool: Pool
    accounts: Accounts
    keys: Keys
    identities: Identities
    door: Door
    records: Records
    prices: Prices
    routes: Routes
    costs: Costs
    usage: KeyUsage
    audit: Audit
    leases: Leases
    leasing: Leasing
    settling: Settling
    holding: Holding
    sequences: Sequences
    overview: Overview
    names: Names
    feed: Feed
    timeline: Timeline
    bulletin: Bulletin

    async def load(self) -> None:
        """Fill memory from the database. Raises SealBroken."""
        await self.door.administration.load()
        await self.accounts.load()
        self.timeline.begin()
        await self.pool.allowances.load()
        await self.keys.load()
        await self.prices.load(self.outside.settings)
        await self.routes.load(self.outside.settings)
        await self.records.load()
        self.costs.load(await self.outside.records.samples(SAMPLES))
        await self.outside.ledger.start(self.outside.clock.now())


# Newest records that are looked at for what models cost.
SAMPLES = 2000


def pool(outside: Outside) -> Pool:
    """Accounts, and what tends them."""
    roster, clock, store = Roster(outside.hosts), outside.clock, outside.accounts
    standings = Standings(store, clock, outside.background)
    learning = Learning(store, standings, outside.background)
    refreshing = Refreshing(store, outside.providers, standings, learning, clock)
    catalogue = Catalogue(roster, store, outside.providers, refreshing, standings, clock)
    allowances = Allowances(roster, store, outside.providers, refreshing, standings, clock, outside.background)
    own = OwnAccounts(outside.own, outside.providers, outside.vault, clock, outside.hosts, outside.background, roster)
    removed = RemovedAccounts(outside.vault, clock)
    refreshing.seated, refreshing.orphaned = lambda seat: roster.find(seat.account.id), removed.renewed
    care = Care(refreshing, catalogue, standings, outside.background, removed)
    return Pool(roster, standings, learning, refreshing, catalogue, allowances, own, care)


def assemble(outside: Outside) -> Parts:
    """Every use case."""
    clock, ledger, tended = outside.clock, outside.ledger, pool(outside)
    keys, records, prices = Keys(outside.keys, outside.vault, clock), Records(outside.records, clock), Prices(outside.prices)
    accounts = Accounts(tended.roster, outside.accounts, outside.providers, tended.care, records, clock, tended.allowances)
    rules = Rules(keys.limits, Limits(requests=Caps(minute=outside.requests_per_minute)) if outside.requests_per_minute else None)
    queue, audit = Queue(outside.queue_seconds), Audit(outside.audit, clock)
    door = built(outside.door, Surroundings(outside.vault, clock, outside.settings, outside.background, audit))
    compressing, administrates = (lambda: outside.settings.compression.enabled), door.administration.administrates
    identities = Identities(keys, outside.vault, clock, compressing, administrates)
    costs, leases = Costs(prices), Leases(rules.payers)
    sequences, usage = Sequences(), KeyUsage(keys, ledger, records, clock)
    placing = Placing(tended.catalogue, tended.roster, lambda: outside.settings.scheduling_mode, outside.attempts, clock)
    holding = Holding(ledger, leases, tended.find, tended.standings, queue, clock)
    health = Health(tended.find, tended.standings, tended.learning, tended.allowances, tended.refreshing, tended.own)
    settling = Settling(leases, holding, health, costs, records, sequences, clock)
    opening = Opening(rules, costs, placing, tended.refreshing, tended.own, leases, clock)
    leasing = Leasing(identities, opening, Seating(placing, holding, queue, clock), holding, settling, leases, clock)
    feed = Feed(accounts.list, keys, usage, outside.background)
    timeline = Timeline(outside.timeline, outside.audit, tended.roster, clock)
    _connect(tended, records, settling, queue)
    _publish(feed, records, keys, outside.settings)
    tended.refreshing.ended = timeline.renewed
    metrics.OPEN.set_function(lambda: leasing.open_leases)
    metrics.WAITING.set_function(lambda: leasing.waiting)
    metrics.MISSING.set_function(lambda: sequences.missing(clock.now()))
    metrics.BACKLOG.set_function(lambda: records.backlog)
    return Parts(
        outside=outside,
        pool=tended,
        accounts=accounts,
        keys=keys,
        identities=identities,
        door=door,
        records=records,
        prices=prices,
        routes=Routes(outside.routes, tended.roster, tended.catalogue.route, Removed(clock)),
        costs=costs,
        usage=usage,
        audit=audit,
        leases=leases,
        leasing=leasing,
        settling=settling,
        holding=holding,
        sequences=sequences,
        overview=Overview(accounts, keys, records, ledger, clock),
        names=Names(keys, tended.roster),
        feed=feed,
        timeline=timeline,
        bulletin=Bulletin(tended.catalogue, outside.settings),
    )


def _connect(tended: Pool, records: Records, settling: Settling, queue: Queue) -> None:
    """What is told to whom without either knowing the other."""
    rebuild = tended.roster.changed

    def changed() -> None:
        rebuild()
        queue.freed()

    tended.roster.changed = changed
    records.decided = settling.decided


def _publish(feed: Feed, records: Records, keys: Keys, settings: RuntimeSettings) -> None:
    """What is told to those who listen."""
    settle = records.decided

    def decided(entries: Sequence[Entry], new: Collection[str]) -> None:
        settle(entries, new)
        feed.decided(entries, new)

    records.decided, records.taken = decided, feed.ended
    keys.changed, settings.decided = feed.key, feed.settings
