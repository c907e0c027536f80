"""Every call that a page of the console makes. `{key}` and the like are taken from the history, another one each time."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """`path` is asked for `times` times. `deep`: as the 1000th page of fifty. What does not exist is left out."""

    page: str
    name: str
    path: str
    deep: bool = False


def _listed(name: str, filters: str, *, deep: bool = False) -> Call:
    return Call("Requests", name, f"/api/requests?limit=50{filters}", deep)


CALLS: Sequence[Call] = (
    Call("Home", "overview, a day", "/api/overview?hours=24"),
    Call("Home", "overview, a week", "/api/overview?hours=168"),
    Call("Accounts", "list", "/api/accounts?limit=100"),
    Call("Accounts", "one", "/api/accounts/{account}"),
    Call("Accounts", "timeline", "/api/accounts/{account}/timeline"),
    Call("Accounts", "decisions", "/api/accounts/{account}/decisions"),
    Call("Keys", "list", "/api/keys?limit=100"),
    Call("Keys", "one", "/api/keys/{key}"),
    _listed("first page", ""),
    _listed("page 1000", "", deep=True),
    _listed("by key", "&keyId={key}"),
    _listed("by account", "&accountId={account}"),
    _listed("by model", "&model={model}"),
    _listed("by model, page 1000", "&model={common}", deep=True),
    _listed("by asked model", "&model={common}-latest"),
    _listed("by a model that nobody has", "&model=nothing"),
    _listed("by kind", "&kind={kind}"),
    _listed("by kind, page 1000", "&kind=kiro", deep=True),
    _listed("served", "&ending=served"),
    _listed("failed", "&ending=failed"),
    _listed("cut", "&ending=cut"),
    _listed("by status", "&status={status}"),
    _listed("by a status that nobody has", "&status=418"),
    _listed("an hour", "&from={from}&to={to}"),
    _listed("by id", "&requestId={request}"),
    _listed("the gateway's own", "&internal=true"),
    _listed("without the gateway's own", "&internal=false"),
    _listed("key and account", "&keyId={key}&accountId={account}"),
    _listed("key and model", "&keyId={key}&model={model}"),
    _listed("key and failed", "&keyId={key}&ending=failed"),
    _listed("key and status", "&keyId={key}&status={status}"),
    _listed("key and an hour", "&keyId={key}&from={from}&to={to}"),
    _listed("account and model", "&accountId={account}&model={model}"),
    _listed("account and failed", "&accountId={account}&ending=failed"),
    _listed("account and status", "&accountId={account}&status={status}"),
    _listed("account and another kind", "&accountId={account}&kind=nothing"),
    _listed("model and failed", "&model={model}&ending=failed"),
    _listed("kind and model", "&kind={kind}&model={model}"),
    _listed("key, account, model", "&keyId={key}&accountId={account}&model={model}"),
    Call("Requests", "one", "/api/requests/{request}"),
    Call("Usage", "a day by the hour", "/api/usage?period=hour"),
    Call("Usage", "30 days by the day", "/api/usage?period=day"),
    Call("Usage", "30 days by key", "/api/usage?period=day&by=key"),
    Call("Usage", "30 days by model", "/api/usage?period=day&by=model"),
    Call("Usage", "30 days by account", "/api/usage?period=day&by=account"),
    Call("Usage", "a day by the hour, by key", "/api/usage?period=hour&by=key"),
    Call("Usage", "30 days of a key, by model", "/api/usage?period=day&by=model&keyId={key}"),
    Call("Audit", "first page", "/api/audit?limit=50"),
    Call("Audit", "page 1000", "/api/audit?limit=50", deep=True),
    Call("Audit", "by actor", "/api/audit?limit=50&actor={actor}"),
    Call("Audit", "by action", "/api/audit?limit=50&action={action}"),
    Call("Audit", "by a group of actions", "/api/audit?limit=50&action=key"),
    Call("Audit", "by an action that nobody made", "/api/audit?limit=50&action=nothing"),
    Call("Audit", "by target", "/api/audit?limit=50&target={key}"),
    Call("Audit", "by actor and action", "/api/audit?limit=50&actor={actor}&action={action}"),
    Call("Models", "list", "/api/models?limit=500"),
    Call("Routes", "list", "/api/routes"),
    Call("Settings", "read", "/api/settings"),
    Call("Settings", "prices", "/api/prices?limit=500"),
    Call("Settings", "installation", "/api/proxy/stats"),
)
