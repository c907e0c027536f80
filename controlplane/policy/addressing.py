"""Where an account's requests go, and what else the data plane's plug-in must know to speak for it.

Each kind has its own way to tell, a row of the table at the end.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from controlplane.domain.account import Account
from controlplane.domain.kinds import KINDS
from controlplane.policy.hosts import Hosts


@dataclass(frozen=True, slots=True)
class Address:
    """The account's addresses, as configured, never none; and the attributes of its leases, by name."""

    urls: Sequence[str]
    attributes: Mapping[str, str]


def of(account: Account, hosts: Hosts, learned: Mapping[str, str]) -> Address:
    """The account's address; attributes without a value are left out. What was `learned` at the upstream comes after
    what is known here.
    """
    found = WAYS[account.kind](account, hosts)
    told = {**learned, **found.attributes, "proxy_url": account.proxy_url}
    return Address(found.urls, {name: value for name, value in told.items() if value})


def _kiro(account: Account, hosts: Hosts) -> Address:
    places = hosts.places(account.api_region, account.base_url)
    attributes = {
        "profile_arn": account.profile_arn,
        "machine_id": account.machine_id,
        "auth_method": str(account.auth_method),
        "region": account.api_region,
        "host_profile": hosts.profile,
        "management_url": places.management,
    }
    return Address(places.chat, attributes)


def _kimi_web(account: Account, hosts: Hosts) -> Address:
    return Address((account.base_url or hosts.kimi_web,), {"max_prompt_characters": str(hosts.prompt_characters)})


def _endpoint(account: Account, _hosts: Hosts) -> Address:
    return Address((account.base_url or KINDS[account.kind].base_url,), {})


WAYS: Mapping[str, Callable[[Account, Hosts], Address]] = {
    "kiro": _kiro,
    "kimi-web": _kimi_web,
    "openai": _endpoint,
    "anthropic": _endpoint,
}
