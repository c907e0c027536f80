"""A request's row of the console's REST as text for people."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def text(row: Row, key: Row, labels: Mapping[str, str]) -> str:
    """The whole explanation. `key` is whose request it was, perhaps with its id only; `labels` are accounts'
    names by id.
    """
    parts = [_head(row, key, labels), _decided(row, labels), _attempts(row, labels), _used(row), _time(row)]
    return "\n\n".join("\n".join(part) for part in (list(lines) for lines in parts) if part)


def plain(value: object) -> str:
    """A value fit for a terminal: what comes from clients and upstreams may hold its control codes."""
    return "".join(character if character.isprintable() else "?" for character in str(value))


def aside(before: str, value: object, after: str = "") -> str:
    """The value with what belongs around it; nothing where there is none."""
    return f"{before}{plain(value)}{after}" if value not in (None, "") else ""


def figure(value: float) -> str:
    """`1,234.5`: up to 6 decimals, and no more than there are."""
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def table(rows: Sequence[Sequence[str]], indent: str = "     ") -> Iterator[str]:
    """Columns as wide as they need."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def _head(row: Row, key: Row, labels: Mapping[str, str]) -> Iterator[str]:
    asked = f"{plain(row['askedModel'])}, {plain(row['dialect'])}, {'streamed' if row['streamed'] else 'whole'}"
    yield f"Request {plain(row['requestId'])}, {plain(row['receivedAt'])}"
    yield f"  asked for   {asked}"
    yield f"  key         {_name(key)}"
    yield f"  limits      {_limits(key.get('limits') or {}) or 'none'}"
    said = " ".join(plain(row[name]) for name in ("status", "ending", "error", "finishReason") if row[name])
    first = aside(", first event after ", None if row["firstEventMs"] is None else _seconds(row["firstEventMs"]))
    yield f"  answered    {said}{first}, over after {_seconds(row['durationMs'])}"
    if row["accountId"]:
        yield f"  account     {_label(row['accountId'], labels)}, {plain(row['kind'])}/{plain(row['model'])}"
    if row["dropped"]:
        yield f"  left out    {', '.join(plain(path) for path in row['dropped'])}"
    if row["cause"]:
        yield f"  asked by    the gateway itself: a summary for {plain(row['cause'])}; it counts as no request"
    yield from _shortened(row)


def _shortened(row: Row) -> Iterator[str]:
    """What shortening did to the conversation, and what the gateway asked itself for that."""
    made = row["compression"]
    if made is not None:
        spent = f", for {figure(made['spentTokens'])} tokens spent" if made["spentTokens"] else ""
        if made["replacedTurns"]:
            had = SUMMARY.get(made["how"], plain(made["how"]))
            yield f"  shortened   {made['replacedTurns']} turns by a summary, {had}: {figure(made['savedTokens'])} tokens less{spent}"
        else:
            yield f"  as it came  though it is long: {WHOLE.get(made['how'], plain(made['how']))}{spent}"
    asked = row["summaries"]
    if asked:
        tokens, cost = (sum(one[name] for one in asked) for name in ("tokens", "cost"))
        names = [f"{plain(one['requestId'])}{aside(' (', one['ending'], ')')}" for one in asked]
        yield f"  summaries   {figure(tokens)} tokens, ${figure(cost)}: {', '.join(names)}"


def _decided(row: Row, labels: Mapping[str, str]) -> Iterator[str]:
    if not row["decision"]:
        yield "How it was admitted is not recorded."
        return
    yield "How it was admitted"
    for number, step in enumerate(row["decision"], 1):
        say = STEPS.get(step["step"], _other)
        for place, line in enumerate(say(step, labels)):
            yield f"{number:3}. {line}" if place == 0 else line
    yield from _reproduced(row["reproduced"])


def _reproduced(made: Sequence[Row]) -> Iterator[str]:
    different = [one for one in made if not one["same"]]
    if made and not different:
        yield f"     From the record alone {'the choice comes' if len(made) == 1 else f'all {len(made)} choices come'} out the same."
    for one in different:
        yield f"     By the rules of today a choice comes out differently: {plain(one['recomputed'])}, not {plain(one['recorded'])}."


def _named(step: Row, labels: Mapping[str, str]) -> Iterator[str]:
    pinned = labels.get(step["accountId"], step["accountId"]) or step["kind"]
    # A record of the previous release has the model only.
    first, *others = [_target(one, labels) for one in step["targets"]] or [plain(step["model"])]
    limits = f"{aside(', by the route ', step['route'])}{aside(', served by ', pinned, ' only')}"
    yield f"The name {plain(step['written'])} means {first}{limits}"
    for target in others:
        yield f"     else {target}"


def _target(target: Row, labels: Mapping[str, str]) -> str:
    accounts = " or ".join(_label(one, labels) for one in target["accountIds"])
    return f"{plain(target['kind'])}/{plain(target['model'])}{aside(' at ', accounts)}"


def _claimed(step: Row, _labels: Mapping[str, str]) -> Iterator[str]:
    # What the gateway asks of itself is no request of the key's.
    requests = f"{step['requests']} request, " if step["requests"] else ""
    yield f"To be reserved: {requests}{figure(step['tokens'])} tokens, {figure(step['credits'])} credits"


def _denied(step: Row, _labels: Mapping[str, str]) -> Iterator[str]:
    what = f"{plain(step['unit'])} {SPAN[step['period']]}" if step["unit"] else "requests at a time"
    left = f"{figure(step['left'])} of {figure(step['limit'])} left"
    yield f"Denied by the limit of {what} of {plain(step['payerId'])}: {left}{aside('; may pass at ', step['retryAt'])}"


def _full(step: Row, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"{_label(step['accountId'], labels)} was taken meanwhile, {step['inFlight']} under way there"


def _spared(step: Row, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"{_label(step['accountId'], labels)} was spared: a later target could serve without it"


def _waited(step: Row, _labels: Mapping[str, str]) -> Iterator[str]:
    yield f"Waited {figure(step['seconds'])} s in line, behind {step['behind']}"


def _renewed(step: Row, labels: Mapping[str, str]) -> Iterator[str]:
    became = "was renewed" if step["ok"] else "could not be renewed"
    yield f"The token of {_label(step['accountId'], labels)} {became}, {figure(step['seconds'])} s"


def _refused(step: Row, _labels: Mapping[str, str]) -> Iterator[str]:
    yield f"Refused ({plain(step['reason'])}): {plain(step['message'])}"


def _other(step: Row, _labels: Mapping[str, str]) -> Iterator[str]:
    yield " ".join([plain(step["step"]), *(f"{plain(name)}={plain(value)}" for name, value in step.items() if name != "step")])


def _chose(step: Row, labels: Mapping[str, str]) -> Iterator[str]:
    if step["accountId"]:
        trial = " to try whether it has recovered" if step["probes"] or step["healing"] else ""
        said = f"Chose {_label(step['accountId'], labels)} for {_wanted(step['wish'])}{trial}"
    else:
        said = f"Nobody could serve {_wanted(step['wish'])}: {plain(step['reason'])}{aside(', until ', step['retryAt'])}"
    yield f"{said} ({plain(step['mode'])}, of {len(step['candidates'])}, seed {step['seed']}, rules {step['revision']})"
    parts = _parts(step["candidates"])
    rows = [_candidate(one, parts, step["accountId"], labels) for one in step["candidates"] if "score" in one]
    if rows:
        yield from table([["", "account", *parts], *rows])
    for one in step["candidates"]:
        if "exclusion" in one:
            out = one["exclusion"]
            why = f"{plain(out['rule'])}{aside(' (', out['value'], ')')}{aside(', until ', out['until'])}"
            yield f"       {_label(one['id'], labels)} is out: {why}"


def _wanted(wish: Row) -> str:
    """What the choice was for. In records of the previous release a kind is there only where the name was limited to it."""
    return f"{aside('', wish['kind'], '/')}{plain(wish['model'])}"


def _parts(candidates: Iterable[Row]) -> list[str]:
    """The parts of the score that spoke for or against anybody; the sum is the last."""
    scores = [one["score"] for one in candidates if "score" in one]
    return [name for name in (scores[0] if scores else ()) if name == "sum" or any(score[name] for score in scores)]


def _candidate(one: Row, parts: Sequence[str], chosen: str | None, labels: Mapping[str, str]) -> list[str]:
    return [">" if one["id"] == chosen else "", _label(one["id"], labels), *(f"{one['score'][part]:.3f}" for part in parts)]


def _attempts(row: Row, labels: Mapping[str, str]) -> Iterator[str]:
    if row["attempts"]:
        yield "Attempts"
    for number, one in enumerate(row["attempts"], 1):
        status = f" {one['status']}" if one["status"] else ""
        said = f"{_became(one, row)}{status}{aside(', retry after ', one['retryAfter'], ' s')}{aside(': ', one['detail'])}"
        yield f"{number:3}. {_label(one['accountId'], labels)}, {one['startedMs']} to {one['endedMs']} ms: {said}"
        if one["endpoint"]:
            yield f"     {plain(one['endpoint'])} answered"
        for place in one["endpoints"]:
            yield f"     {plain(place['url'])} did not: {plain(place['fault'])}"
        for name, value in one["learned"].items():
            yield f"     learned {plain(name)}: {plain(value)}"


def _became(attempt: Row, row: Row) -> str:
    """Only a request's last attempt is without a fault: what became of the one became of the other."""
    if attempt["fault"]:
        return plain(attempt["fault"])
    if attempt["status"]:
        return "served" if row["ending"] == "served" else "answered"
    return "no answer had come" if row["ending"] == "cancelled" else "nothing was sent"


def _used(row: Row) -> Iterator[str]:
    usage = row["usage"]
    yield "Usage"
    cached = f"{figure(usage['cacheRead'])} read from cache, {figure(usage['cacheWrite'])} written to it"
    yield f"  input       {figure(usage['input'])} tokens, {cached} ({plain(usage['inputSource'])})"
    thought = f"{figure(usage['reasoning'])} of them reasoning"
    yield f"  output      {figure(usage['output'])} tokens, {thought} ({plain(usage['outputSource'])})"
    yield f"  credits     {figure(usage['credits'])} ({plain(usage['creditsSource'])})"
    yield f"  cost        ${figure(row['cost'])}"
    if usage["searches"]:
        yield f"  searches    {usage['searches']}"


def _time(row: Row) -> Iterator[str]:
    yield "Time, ms"
    yield from table([[plain(span["name"]), _range(span)] for span in row["waterfall"]], indent="  ")


def _range(span: Row) -> str:
    return f"{span['startMs']}" if span["startMs"] == span["endMs"] else f"{span['startMs']} - {span['endMs']}"


def _name(key: Row) -> str:
    return f"{plain(key['name'])} ({plain(key['id'])})" if "name" in key else plain(key["id"])


def _limits(limits: Row) -> str:
    """As in: 60 requests a minute, 5 at a time."""
    said = [f"{figure(cap)} {unit} {SPAN[period]}" for unit, caps in limits.items() if unit in UNITS for period, cap in caps.items()]
    return ", ".join([*said, f"{limits['concurrency']} at a time"] if "concurrency" in limits else said)


def _label(account_id: str, labels: Mapping[str, str]) -> str:
    return plain(labels.get(account_id, account_id))


def _seconds(milliseconds: int) -> str:
    return f"{figure(milliseconds / 1000)} s"


# How a summary was had, and why there is none; other words are shown as they are.
SUMMARY = {
    "model": "made for this request",
    "incremental": "partly made for this request",
    "memory": "remembered",
    "store": "remembered in the store",
}
WHOLE = {
    "no-gain": "a summary would not make it shorter",
    "model-failed": "the model that summarises failed",
    "late": "there was not enough time for a summary",
    "budget": "the key has spent on summaries what it may in a day",
    "unavailable": "the summarizer did not answer",
}
UNITS = ("requests", "tokens", "credits")
SPAN = {"minute": "a minute", "day": "a day", "month": "a month", "total": "in all"}
STEPS: Mapping[str, Callable[[Row, Mapping[str, str]], Iterator[str]]] = {
    "named": _named,
    "claimed": _claimed,
    "denied": _denied,
    "chose": _chose,
    "spared": _spared,
    "full": _full,
    "waited": _waited,
    "renewed": _renewed,
    "refused": _refused,
}
