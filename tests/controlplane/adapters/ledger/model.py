"""The ledger as one would first write it: everything is remembered, every question is a sum over it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor

from controlplane.domain.limits import Caps, Limits, Payer, Period, Place, Unit

CAPS = (Period.DAY, Period.MONTH, Period.TOTAL)


def amount(amounts, unit):
    return getattr(amounts, unit.value)


def limit(limits, unit, period):
    return getattr(getattr(limits, unit.value), period.value)


def names(seconds):
    """The day, the month and the whole of time that the moment lies in."""
    moment = datetime.fromtimestamp(floor(seconds), UTC)
    return {Period.DAY: moment.strftime("%Y-%m-%d"), Period.MONTH: moment.strftime("%Y-%m"), Period.TOTAL: ""}


def ends(seconds):
    """When the day and the month end."""
    midnight = datetime.fromtimestamp(floor(seconds), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = (midnight.replace(day=1) + timedelta(days=31)).replace(day=1)
    return {Period.DAY: (midnight + timedelta(days=1)).timestamp(), Period.MONTH: month.timestamp(), Period.TOTAL: None}


@dataclass
class Fill:
    """A bucket: how much was used of it at a time, and of that is not shown because the limit was lowered."""

    most: int
    at: Fraction
    used: Fraction = Fraction(0)
    hidden: Fraction = Fraction(0)

    @property
    def level(self):
        return self.most - self.used

    def use(self, amount):
        """What is given back beyond what is used is taken off what is hidden."""
        used = self.used + amount
        self.used = max(used, Fraction(0))
        self.hidden = max(self.hidden + min(used, Fraction(0)), Fraction(0))

    def now(self, seconds):
        self.use(-self.most * (seconds - self.at) / 60)
        self.at = seconds
        return self.level

    def change(self, amount, seconds):
        self.now(seconds)
        self.use(-amount)

    def adapt(self, most):
        """A lowered limit hides what no longer fits, a raised one shows it again."""
        moved = min(self.used, self.most - most) if most < self.most else -min(self.hidden, most - self.most)
        self.used, self.hidden, self.most = self.used - moved, self.hidden + moved, most

    def retry(self, amount, seconds):
        """When it holds the amount, in whole milliseconds; None: never."""
        if amount > self.most:
            return None
        missing = amount - self.now(seconds)
        if missing <= 0:
            return seconds
        return seconds + Fraction(ceil(missing * 60_000 / self.most), 1000) if self.most else None


@dataclass
class Held:
    payers: list[tuple[str, Limits]]
    claimed: dict[Unit, int]
    deadline: int
    account: str
    taken: bool  # its claim was taken out of buckets


@dataclass
class Model:
    spent: dict[str, list] = field(default_factory=dict)  # payer -> (moment, unit, amount)
    overrun: dict[tuple[str, Unit], int] = field(default_factory=dict)
    fills: dict[tuple[str, Unit], Fill] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)

    def used(self, payer, unit, period, now):
        wanted = names(now)[period]
        return sum(cost for at, what, cost in self.spent.get(payer, ()) if what is unit and names(at)[period] == wanted)

    def reserved(self, payer, unit):
        return sum(lease.claimed[unit] for lease in self.held.values() if payer in dict(lease.payers))

    def open(self, payer):
        """Leases of a request; what claimed none is not one of them."""
        return sum(payer in dict(lease.payers) for lease in self.held.values() if lease.claimed[Unit.REQUESTS])

    def at(self, account):
        return sum(lease.account == account for lease in self.held.values()) if account else 0

    def in_flight(self):
        return {lease.account: self.at(lease.account) for lease in self.held.values() if lease.account}

    def obstacles(self, payer, limits, wanted, now, taken=True):
        """Everything that stands against the claim: (payer, unit, period, limit, left, when it may pass)."""
        found = []
        if not wanted.get(Unit.REQUESTS):
            limits = replace(limits, requests=Caps(), concurrency=None)
        if limits.concurrency is not None and self.open(payer) + 1 > limits.concurrency:
            found.append((payer, None, None, limits.concurrency, max(limits.concurrency - self.open(payer), 0), now + 1))
        for unit in wanted:
            fill = self.fills.get((payer, unit))
            if taken and limit(limits, unit, Period.MINUTE) is not None and fill.now(now) < wanted[unit]:
                found.append((payer, unit, Period.MINUTE, fill.most, max(floor(fill.level), 0), fill.retry(wanted[unit], now)))
            for period in CAPS:
                most = limit(limits, unit, period)
                if most is None:
                    continue
                left = most - self.used(payer, unit, period, now) - self.reserved(payer, unit)
                if wanted[unit] > left:
                    found.append((payer, unit, period, most, max(left, 0), ends(now)[period] if wanted[unit] <= most else None))
        return found

    def adopt(self, payer, limits, now):
        for unit in Unit:
            most = limit(limits, unit, Period.MINUTE)
            if most is None:
                continue
            fill = self.fills.setdefault((payer, unit), Fill(most, now))
            fill.now(now)
            fill.adapt(most)

    def take(self, lease, wanted, now):
        for payer, limits in lease.payers:
            for unit in wanted:
                if lease.taken and limit(limits, unit, Period.MINUTE) is not None:
                    self.fills[payer, unit].change(-wanted[unit], now)

    def reserve(self, lease_id, payers: list[Payer], amounts, deadline, place: Place | None, now):
        """What stands against it, "full", or the number in flight."""
        wanted = {unit: amount(amounts, unit) for unit in Unit}
        for payer in payers:
            self.adopt(payer.id, payer.limits, now)
        found = [each for payer in payers for each in self.obstacles(payer.id, payer.limits, wanted, now)]
        if found:
            return found
        if place is not None and place.limit and self.at(place.account_id) + 1 > place.limit:
            return "full"
        account = "" if place is None else place.account_id
        lease = Held([(payer.id, payer.limits) for payer in payers], dict(wanted), deadline, account, taken=True)
        self.take(lease, wanted, now)
        self.held[lease_id] = lease
        return self.at(account)

    def restore(self, lease_id, payers, amounts, deadline, place):
        account = "" if place is None else place.account_id
        if lease_id not in self.held and lease_id not in self.counted:
            claimed = {unit: amount(amounts, unit) for unit in Unit}
            self.held[lease_id] = Held([(payer.id, payer.limits) for payer in payers], claimed, deadline, account, taken=False)
        return self.at(account)

    def move(self, lease_id, place):
        lease = self.held.get(lease_id)
        if lease is None:
            return None
        old, lease.account = lease.account, ""
        if place is None:
            return self.at(old)
        if place.limit and self.at(place.account_id) + 1 > place.limit:
            return "full"
        lease.account = place.account_id
        return self.at(place.account_id)

    def extend(self, lease_id, tokens, now):
        lease = self.held.get(lease_id)
        if lease is None:
            return None
        more = {Unit.TOKENS: tokens}
        found = []
        for payer, limits in lease.payers:
            only = Limits(tokens=limits.tokens)
            found += self.obstacles(payer, only, more, now, lease.taken)
        if found:
            return found
        self.take(lease, more, now)
        lease.claimed[Unit.TOKENS] += tokens
        return self.at(lease.account)

    def settle(self, lease_id, spent, now):
        """(account, who is left there, overrun), or None."""
        lease = self.held.pop(lease_id, None)
        if lease is None:
            return None
        costs = {unit: 0 if lease_id in self.counted else amount(spent, unit) for unit in Unit}
        beyond = {unit: max(costs[unit] - lease.claimed[unit], 0) for unit in Unit}
        for payer, limits in lease.payers:
            for unit in Unit:
                taken = lease.taken and limit(limits, unit, Period.MINUTE) is not None
                self.spend(payer, unit, costs[unit], lease.claimed[unit] if taken else 0, now)
                self.overrun[payer, unit] = self.overrun.get((payer, unit), 0) + beyond[unit]
        if any(costs.values()):
            self.counted.add(lease_id)
        return lease.account, self.at(lease.account), beyond

    def spend(self, payer, unit, cost, taken, now):
        self.spent.setdefault(payer, []).append((now, unit, cost))
        if (payer, unit) in self.fills:
            self.fills[payer, unit].change(taken - cost, now)

    def book(self, lease_id, payer, spent, now):
        costs = {unit: amount(spent, unit) for unit in Unit}
        if any(costs.values()) and lease_id not in self.counted:
            self.counted.add(lease_id)
            for unit in Unit:
                self.spend(payer, unit, costs[unit], 0, now)

    def expire(self, now):
        late = [lease_id for lease_id, lease in self.held.items() if lease.deadline <= now]
        for lease_id in late:
            lease = self.held.pop(lease_id)
            for payer, limits in lease.payers:
                for unit in Unit:
                    if lease.taken and limit(limits, unit, Period.MINUTE) is not None:
                        self.fills[payer, unit].change(lease.claimed[unit], now)
        return late
