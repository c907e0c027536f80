"""What a name means when there are several vendors: a chain of targets, tried in their order.

A name is looked up as, first found wins:

    1. a route's exact name
    2. `kind/...` or `label/...`, an account's label: the rest of it, at that kind or account alone
    3. a model's id or public alias, to the letter
    4. the longest prefix of a route, unless nobody offers any of its models
    5. another spelling of a model

A name that begins like 2 is nothing else but perhaps the id that it is to the letter: it never loses its limits.

A model that several kinds offer is one target for each, for a client may write either vendor's spelling of it:
Kiro's first, the others by the highest priority among their accounts, equal ones in the order of KINDS. Where the
nearest spelling is one model, a kind that would understand the name as another one stays out: no request is
served by a model that nobody named.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType

from controlplane.domain.kinds import KINDS
from controlplane.domain.route import Match, Route, Target
from controlplane.policy import naming
from controlplane.policy.naming import EXACT, Names, Spoken
from controlplane.policy.scheduling import HOPE, Lack, NoCapacity

# Kinds whose servers are anybody's: an id means what it says there, and no other spelling of it.
LITERAL = frozenset({"openai"})
# The kind that serves first, whatever the priorities (outside contract, section 1).
FOREMOST = "kiro"
UNRANKED = -inf
# Of an account: its priority, and the models it offers.
Offer = tuple[int, Collection[str]]
# A kind, and the account of it that is meant, empty: all of them. Both empty: nothing is limited.
Pin = tuple[str, str]
UNPINNED: Pin = ("", "")


@dataclass(slots=True)
class Named:
    """What a name means: who may serve it, one after the other. `route`: the name of the route that says so,
    empty for a model's own name. `kind`, `account_id`: to what the client limited it.

    Made once for many requests, so what each of them needs is there: `told` are the targets as records have them,
    `line` tells wishes apart (a text, because those remember their hash).
    """

    targets: tuple[Target, ...]
    route: str = ""
    kind: str = ""
    account_id: str = ""
    told: Sequence[tuple[str, str, Sequence[str]]] = field(init=False, repr=False, compare=False)
    line: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.told = [(target.kind, target.model, target.account_ids) for target in self.targets]
        self.line = repr(self.told)


@dataclass(frozen=True, slots=True)
class Table:
    """The names in force. `kinds`: the models of each, in the order of KINDS. `pins`: what kinds and account labels
    limit a name to, in lower case. `exact`: routes by name; `prefixes`: the others, longest first. `offers`: of the
    accounts of each kind, the highest priority first.
    """

    kinds: Mapping[str, Names]
    pins: Mapping[str, Pin]
    exact: Mapping[str, Route]
    prefixes: Sequence[Route]
    offers: Mapping[str, Sequence[Offer]]


def table(
    ids: Mapping[str, Iterable[str]],
    labels: Mapping[str, Pin],
    routes: Iterable[Route],
    offers: Mapping[str, Iterable[Offer]] = MappingProxyType({}),
) -> Table:
    """The table for these model ids by kind, account labels, routes, and what accounts of each kind offer."""
    kinds = {kind: (naming.literal if kind in LITERAL else naming.names)(ids[kind]) for kind in KINDS if kind in ids}
    pins = {label.lower(): pin for label, pin in labels.items()}
    # Without an account of that kind `anthropic/` is merely the vendor, as many clients write it.
    pins.update({kind: (kind, "") for kind in kinds})
    listed = tuple(routes)
    exact = {route.name: route for route in listed if route.match is Match.EXACT}
    prefixes = sorted((route for route in listed if route.match is Match.PREFIX), key=lambda route: -len(route.name))
    ranked = {kind: sorted(each, key=lambda offer: -offer[0]) for kind, each in offers.items()}
    return Table(kinds, pins, exact, prefixes, ranked)


def resolve(written: str, names: Table) -> Named | None:
    """What `written` means; None when nothing has that name."""
    head, slash, rest = written.partition("/")
    if slash and written not in names.exact and head.lower() in names.pins:
        return _pinned(rest, names.pins[head.lower()], names) or _literal(written, names)
    return _meant(written, names, UNPINNED)


def spoken(names: Table) -> Sequence[Spoken]:
    """What models and routes are called, for the search of names that look like another."""
    known = {name.lower(): name for name in names.exact}
    for each in names.kinds.values():
        # Where ids are literal they are their only spelling.
        for spelling, model in each.normal.items() or each.exact.items():
            known.setdefault(spelling, model)
    return naming.spoken(known)


def permitted(patterns: Sequence[str], named: Named, pins: Mapping[str, Pin], meaning: Callable[[str], Named | None]) -> Named | None:
    """What of `named` a key with these patterns may use; None: nothing. `meaning` tells what a name means.

    A pattern that the route's name fits allows all of the route. Else each target counts by its model: what
    the client wrote is not looked at, only what it means. A pattern that names an account's label is for that
    account alone.
    """
    if named.route and any(_fits(pattern, named.route) for pattern in patterns):
        return named
    shares = (_share(patterns, target, named, pins, meaning) for target in named.targets)
    targets = tuple(share for share in shares if share is not None)
    return replace(named, targets=targets) if targets else None


def turns(targets: Sequence[Target], tried: int, attempts: int) -> tuple[Target, ...]:
    """In which order the targets are asked by a request that has `tried` so many accounts of the `attempts` it has.

    Target i of T is asked while `tried <= max(i, attempts - (T - i))`: each later one is left an attempt, so
    that a pool which fails, however large, is not all that was tried. Those that had their share come last.
    """
    count = len(targets)
    had = [tried > max(place, attempts - (count - place)) for place in range(count)]
    return tuple(target for late in (False, True) for target, spent in zip(targets, had, strict=True) if spent is late)


def hope(lacks: Sequence[NoCapacity]) -> NoCapacity:
    """Why none of several targets serves: of the most hopeful reason the earliest time, with all that led to it."""
    if len(lacks) == 1:
        return lacks[0]
    reason = min((lack.reason for lack in lacks), key=HOPEFUL.index)
    ends = [lack.retry_at for lack in lacks if lack.reason is reason and lack.retry_at is not None]
    return NoCapacity(reason, min(ends, default=None), [out for lack in lacks for out in lack.exclusions])


def _meant(written: str, names: Table, pin: Pin) -> Named | None:
    """What a name without a pin of its own means, of what `pin` leaves."""
    route = _narrowed(names.exact[written], pin) if written in names.exact else None
    if route is not None:
        targets, offered = _chain(route, written, names)
        return Named(offered or targets, written)
    found = _found(written, names, pin[0])
    if any(distance == EXACT for distance, _ in found):
        return Named(_pooled(found, names))
    return _prefixed(written, names, pin) or (Named(_pooled(found, names)) if found else None)


def _found(written: str, names: Table, kind: str = "") -> list[tuple[int, Target]]:
    """What each kind, or the one, understands by the name, and how far its model's id is from it."""
    asked = ((each, models) for each, models in names.kinds.items() if kind in ("", each))
    found = [(each, naming.find(written, models)) for each, models in asked]
    return [(hit[0], Target(each, hit[1])) for each, hit in found if hit is not None]


def _literal(written: str, names: Table) -> Named | None:
    """Those whose id the name is: some servers put a vendor before all of theirs."""
    targets = [target for distance, target in _found(written, names) if distance == EXACT]
    return Named(_ranked(targets, names)) if targets else None


def _pooled(found: Sequence[tuple[int, Target]], names: Table) -> tuple[Target, ...]:
    """All that are the same model as the nearest one."""
    nearest = min(found, key=lambda one: one[0])[1].model
    return _ranked([target for _, target in found if naming.same(nearest, target.model)], names)


def _ranked(targets: Sequence[Target], names: Table) -> tuple[Target, ...]:
    """In the order in which their kinds serve."""
    return tuple(sorted(targets, key=lambda target: (target.kind != FOREMOST, -_rank(target, names))))


def _rank(target: Target, names: Table) -> float:
    """The highest priority among the accounts that offer the model."""
    return next((priority for priority, models in names.offers.get(target.kind, ()) if target.model in models), UNRANKED)


def _prefixed(written: str, names: Table, pin: Pin) -> Named | None:
    """The chain of the longest prefix route, if anybody offers something of it."""
    fitting = (_narrowed(route, pin) for route in names.prefixes if written.startswith(route.name))
    route = next((route for route in fitting if route is not None), None)
    if route is None:
        return None
    _, offered = _chain(route, written, names)
    return Named(offered, route.name) if offered else None


def _chain(route: Route, written: str, names: Table) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    """The route's targets with ids for models, and those of them whose kind has the model."""
    rest = written.removeprefix(route.name) if route.match is Match.PREFIX else written
    targets: dict[Target, bool] = {}
    for target in route.targets:
        model = target.model.replace("*", rest) or written
        found = naming.find(model, names.kinds[target.kind]) if target.kind in names.kinds else None
        targets[replace(target, model=found[1] if found is not None else model)] = found is not None
    return tuple(targets), tuple(target for target, offered in targets.items() if offered)


def _pinned(rest: str, pin: Pin, names: Table) -> Named | None:
    """What the rest of a name means at one kind, or one account, alone."""
    named = _meant(rest, names, pin)
    if named is None:
        return None
    kind, account_id = pin
    only = (account_id,) if account_id else ()
    return Named(tuple(replace(target, account_ids=only or target.account_ids) for target in named.targets), named.route, kind, account_id)


def _narrowed(route: Route, pin: Pin) -> Route | None:
    """The route without targets of other kinds, or that leave the account out; None when none is left."""
    kind, account_id = pin
    if not kind:
        return route
    targets = tuple(
        target
        for target in route.targets
        if target.kind == kind and (not account_id or not target.account_ids or account_id in target.account_ids)
    )
    return replace(route, targets=targets) if targets else None


def _fits(pattern: str, name: str) -> bool:
    """Whether a route's name is the pattern, or fits it."""
    return naming.fits(pattern, name) if "*" in pattern else pattern == name


def _share(
    patterns: Sequence[str], target: Target, named: Named, pins: Mapping[str, Pin], meaning: Callable[[str], Named | None]
) -> Target | None:
    """The target as far as the patterns allow it; None: not at all."""
    allowed: dict[str, None] = {}
    for pattern in patterns:
        account_id = _fitting(pattern, target, pins) if "*" in pattern else _reached(meaning(pattern), target, named)
        if account_id == EVERY:
            return target
        if account_id is not None and (not target.account_ids or account_id in target.account_ids):
            allowed[account_id] = None
    return replace(target, account_ids=tuple(allowed)) if allowed else None


def _fitting(pattern: str, target: Target, pins: Mapping[str, Pin]) -> str | None:
    """At which account a pattern with `*` is for the target's model, EVERY: at all; None: at none."""
    head, slash, rest = pattern.partition("/")
    head = head.lower()
    if slash and head in KINDS:
        return EVERY if target.kind == head and naming.fits(rest, target.model) else None
    if naming.fits(pattern, target.model):
        return EVERY
    kind, account_id = pins.get(head, UNPINNED) if slash else UNPINNED
    return account_id if target.kind == kind and naming.fits(rest, target.model) else None


def _reached(meant: Named | None, target: Target, named: Named) -> str | None:
    """At which account what a pattern without `*` means is the target's model, EVERY: at all; None: at none. What it
    would reach by a route, it reaches by that route only.
    """
    if meant is None or meant.route not in ("", named.route):
        return None
    return meant.account_id if any((one.kind, one.model) == (target.kind, target.model) for one in meant.targets) else None


# In the place of an account's id.
EVERY = ""
# From the most hopeful reason on.
HOPEFUL: Sequence[Lack] = (*(reason for reason, _, _ in HOPE), Lack.NO_ACCOUNT)
