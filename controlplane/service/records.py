"""Usage records: each request's end in exactly one row, and the sums of them in memory.

No request is counted twice. While the control plane runs, a lease is open in memory and leaves it
with its first settlement, so its row is fresh. An outcome whose lease is not open any more (it
came again, or the process was restarted in between) is doubtful: the database tells whether its
row was really inserted, and only then it is added to the sums. The sums start from the rollups,
which outlive the rows.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from controlplane.domain.account import Counters
from controlplane.domain.errors import Invalid
from controlplane.domain.hour import HourCount
from controlplane.domain.outcome import Ending, Entry, EntryPage, EntryQuery
from controlplane.domain.rollup import SECONDS, Bucket, UsageQuery
from controlplane.service import metrics
from controlplane.service.ports import Clock, RecordStore, Totals, Written
from controlplane.service.sums import FAILURES, Figures, Sum, amounts

log = logging.getLogger(__name__)

BATCH = 200  # rows that are written at once without waiting
WINDOW = 0.1  # seconds that fewer rows wait for more
LARGEST = 1000  # rows in one transaction, when a backlog is written off
BOUND = 50_000  # rows kept while the database is away ...
BOUND_CHARS = 256 * 1024 * 1024  # ... and characters of their decisions: those of a pool of hundreds are long
FIRST_RETRY = 0.1
LAST_RETRY = 5.0
ADOPTED_AT_ONCE = 2000  # rows of the previous release in one transaction
FOLDED = 50  # entries that are added to the sums at once, if nobody wants to know them before
PAUSE = 0.01  # seconds between two of these, for who else wants to write
MOST_BUCKETS = 1000  # hours or days of usage in one answer
MOST_FIGURES = 20_000  # sums in one answer


@dataclass(slots=True)
class _Parcel:
    """Entries of one settlement, and who waits for them."""

    fresh: Sequence[Entry]
    doubtful: Sequence[Entry]
    done: asyncio.Future[None]
    chars: int = field(init=False)

    def __post_init__(self) -> None:
        self.chars = sum([len(entry.decision) for entry in (*self.fresh, *self.doubtful)])

    def __len__(self) -> int:
        return len(self.fresh) + len(self.doubtful)


class Records:
    """Writes entries in batches, keeps the sums in memory, reads pages."""

    def __init__(self, store: RecordStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._queue: list[_Parcel] = []
        self._waiting = 0
        self._chars = 0
        self._full = asyncio.Event()
        self._some = asyncio.Event()
        self._closing = False
        self._keys: dict[str, Sum] = {}
        self._accounts: dict[str, Sum] = {}
        self._all = Sum()
        self._uncounted: list[Entry] = []
        # Told of doubtful entries once it is known which of them (their lease ids) are new.
        self.decided: Callable[[Sequence[Entry], Collection[str]], None] = lambda _entries, _new: None
        # Told of entries that are taken, but for the doubtful ones. On the hot path.
        self.taken: Callable[[Sequence[Entry]], None] = lambda _entries: None

    async def load(self) -> None:
        """Start the sums from the database, which first is brought up to date."""
        await self.adopt()
        self._keys, self._accounts, self._all, self._uncounted = {}, {}, Sum(), []
        self._add(await self._store.totals())

    async def adopt(self) -> int:
        """Take in what the previous release wrote: at the start, and while one of its processes still
        runs beside this one. How many records there were.
        """
        count = 0
        while (adopted := await self._store.adopt(ADOPTED_AT_ONCE)).count:
            self._add(adopted.totals)
            metrics.ADOPTED.inc(adopted.count)
            count += adopted.count
            if adopted.count < ADOPTED_AT_ONCE:
                break
            await self._clock.sleep(PAUSE)
        if count:
            log.info("usage records of the previous release taken in count=%d", count)
        return count

    @property
    def backlog(self) -> int:
        """Entries that wait to be written."""
        return self._waiting

    def room(self, count: int) -> bool:
        """Whether so many entries would be taken now."""
        return self._waiting + count <= BOUND and self._chars <= BOUND_CHARS

    def record(self, fresh: Sequence[Entry], doubtful: Sequence[Entry] = ()) -> asyncio.Future[None] | None:
        """Take entries; the future ends when all of them are durable. None when too many wait
        already: they were not taken, and who sent them must send them again. An entry that is not
        booked yet is booked now.
        """
        count = len(fresh) + len(doubtful)
        if not self.room(count):
            metrics.UNRECORDED.inc(count)
            return None
        for entry in (*fresh, *doubtful):
            if not entry.booked_at:
                entry.booked_at = int(self._clock.now())
        parcel = _Parcel(fresh, doubtful, asyncio.get_running_loop().create_future())
        self._queue.append(parcel)
        self._waiting += count
        self._chars += parcel.chars
        self._uncounted += fresh
        if len(self._uncounted) >= FOLDED:
            self._fold()
        self._some.set()
        if self._waiting >= BATCH:
            self._full.set()
        self.taken(fresh)
        return parcel.done

    async def run(self) -> None:
        """Write until closed and empty. One writer: a doubtful entry is asked about only after every
        earlier row is in.
        """
        while not (self._closing and not self._queue):
            await self._some.wait()
            if not self._full.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), WINDOW)
            batch = self._next()
            if batch:
                await self._write(batch)

    def close(self) -> None:
        """Take what waits to the database and let `run` end."""
        self._closing = True
        self._some.set()
        self._full.set()

    async def page(self, query: EntryQuery) -> EntryPage:
        """Newest first. Raises Invalid for a cursor that is none."""
        return await self._store.page(query)

    async def find(self, request_id: str) -> Entry | None:
        """The newest entry of a request id."""
        return await self._store.find(request_id)

    async def usage(self, query: UsageQuery) -> Sequence[Bucket]:
        """Usage over time, by start and name. Raises Invalid for a time that is too long, or no time."""
        if query.end <= query.start:
            raise Invalid("the time ends before it begins", "to")
        if query.end - query.start > MOST_BUCKETS * SECONDS[query.grain]:
            raise Invalid(f"the time is longer than {MOST_BUCKETS} {query.grain.value}s", "from")
        found = await self._store.usage(query, MOST_FIGURES + 1)
        if len(found) > MOST_FIGURES:
            raise Invalid(f"these are more than {MOST_FIGURES} figures; ask for a shorter time, or filter", "from")
        return found

    async def hours(self, start: int, end: int) -> Sequence[HourCount]:
        """Requests by the hour, see the RecordStore port."""
        return await self._store.hours(start, end)

    def key_counters(self, key_id: str) -> Counters:
        """Sums of a key since it exists; "proxy" is the proxy key."""
        self._fold()
        return self._keys.get(key_id, NONE).counters()

    def account_counters(self, account_id: str) -> Counters:
        """Sums of the requests whose last attempt was the account's."""
        self._fold()
        return self._accounts.get(account_id, NONE).counters()

    def total(self) -> Counters:
        """Sums of the installation."""
        self._fold()
        return self._all.counters()

    def _next(self) -> list[_Parcel]:
        """The next parcels, whole ones, about LARGEST rows of them."""
        self._fold()
        batch: list[_Parcel] = []
        rows = 0
        for parcel in self._queue:
            if batch and rows + len(parcel) > LARGEST:
                break
            batch.append(parcel)
            rows += len(parcel)
        del self._queue[: len(batch)]
        if not self._queue and not self._closing:
            self._some.clear()
        if self._waiting - rows < BATCH and not self._closing:
            self._full.clear()
        return batch

    async def _write(self, batch: list[_Parcel]) -> None:
        """Write a batch, again and again until it is durable."""
        fresh = [entry for parcel in batch for entry in parcel.fresh]
        doubtful = [entry for parcel in batch for entry in parcel.doubtful]
        pause = FIRST_RETRY
        while True:
            try:
                written = await self._store.insert(fresh, doubtful)
                break
            except Exception:  # the edge to the database: whatever it is, rows are kept
                metrics.FLUSH_FAILED.inc()
                log.exception("usage records could not be written rows=%d, kept", len(fresh) + len(doubtful))
            await self._clock.sleep(pause)
            pause = min(pause * 2, LAST_RETRY)
        self._waiting -= len(fresh) + len(doubtful)
        self._chars -= sum(parcel.chars for parcel in batch)
        self._settle(doubtful, written)
        for parcel in batch:
            if not parcel.done.done():  # who waited may have gone
                parcel.done.set_result(None)

    def _settle(self, doubtful: Sequence[Entry], written: Written) -> None:
        """Add to the sums what was really inserted."""
        for key_id, account_id in written.replaced:
            for sums in (self._all, self._keys.get(key_id), self._accounts.get(account_id)):
                if sums is not None:
                    sums.take_back()
        counted: set[str] = set()
        for entry in doubtful:
            lease_id = entry.outcome.lease_id
            if lease_id in written.inserted and lease_id not in counted:
                counted.add(lease_id)
                self._uncounted.append(entry)
        self._fold()
        if doubtful:
            self.decided(doubtful, counted)

    def _add(self, totals: Totals) -> None:
        for key_id, counters in totals.keys.items():
            self._all.add_sum(counters)
            _of(self._keys, key_id).add_sum(counters)
        for account_id, counters in totals.accounts.items():
            _of(self._accounts, account_id).add_sum(counters)

    def _fold(self) -> None:
        """Add what was recorded to the sums: many at a time, which is a third of the work of one by one."""
        entries, self._uncounted = self._uncounted, []
        groups: dict[tuple[str, str, Ending, bool], list[Figures]] = {}
        for entry in entries:
            groups.setdefault((entry.key_id, entry.account_id, entry.outcome.ending, not entry.cause), []).append(amounts(entry))
        for (key_id, account_id, ending, request), rows in groups.items():
            count = len(rows) * request
            requests = (count, count * (ending is Ending.SERVED), count * (ending in FAILURES))
            together = tuple(map(sum, zip(*rows, strict=True)))
            sums = [self._all, _of(self._keys, key_id), *([_of(self._accounts, account_id)] if account_id else [])]
            for one in sums:
                one.add_requests(*requests)
                one.add_amounts(*together)
            ENDED[ending].inc(count)


def _of(sums: dict[str, Sum], name: str) -> Sum:
    """The sum of that name, from nothing at first."""
    found = sums.get(name)
    if found is None:
        found = sums[name] = Sum()
    return found


NONE = Sum()
# Looked up once: the look-up of a labelled metric costs more than counting.
ENDED = {ending: metrics.ENDED.labels(ending.value) for ending in Ending}
