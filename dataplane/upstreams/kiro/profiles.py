"""The profile that an account's requests name (E04).

A real one is looked up where the account has none, or its own was refused; where nothing can be looked
up, the public profile of its sign-in family stands in. Source: Kiro wire notes, profileArn.
"""

from collections.abc import Generator

import msgspec

from dataplane.conversation.model import Stamp
from dataplane.errors import UpstreamFault
from dataplane.upstreams.base import HttpRequest, Lease, Reply
from dataplane.upstreams.kiro import hosts
from dataplane.upstreams.kiro.asking import request
from dataplane.upstreams.kiro.asking.body import arn, is_arn

BUILDER_ID = "arn:aws:codewhisperer:us-east-1:638616132270:profile/AAAACCCCXXXX"
SOCIAL = "arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK"
# API keys and external identities have no public profile.
PUBLIC = {"social": SOCIAL, "builder-id": BUILDER_ID, "idc": BUILDER_ID}
# How long the lookup may take.
SECONDS = 10.0
# Hosts know one spelling or the other.
PATHS = ("/ListAvailableProfiles", "/List-Available-Profiles")


class Profile(msgspec.Struct):
    arn: str = ""


class Profiles(msgspec.Struct):
    profiles: list[Profile] = []


_read = msgspec.json.Decoder(Profiles).decode


def wanted(lease: Lease) -> bool:
    """Whether the host demands a profile of this sign-in family and the lease has none."""
    return not arn(lease) and lease.attributes.get("auth_method") in PUBLIC and hosts.of(lease) is hosts.RUNTIME


def looked_up(lease: Lease, stamp: Stamp, url: str, *, refused: bool) -> Generator[HttpRequest, Reply, str]:
    """The first profile on the account's own list, else its family's public one, "" where there is none.

    Most families may not read the list. `url` is asked where the lease names no host for such calls.
    The public profile takes the place of an own one only when that was `refused` as such.
    """
    base = lease.attributes.get("management_url") or url
    headers = {**request.headers(lease, stamp, 1), "Accept": "application/json"}
    found = ""
    for path in PATHS:
        try:
            reply = yield HttpRequest("POST", base + path, headers, b"{}", streamed=False, seconds=SECONDS)
        except UpstreamFault:
            break
        if reply.status != 404:
            found = _first(reply)
            break
    replaceable = refused or arn(lease) in {"", *PUBLIC.values()}
    return found or (PUBLIC.get(lease.attributes.get("auth_method", ""), "") if replaceable else "")


def _first(reply: Reply) -> str:
    if reply.status >= 400:
        return ""
    try:
        found = _read(reply.body).profiles
    except (ValueError, RecursionError):
        return ""
    return next((profile.arn for profile in found if is_arn(profile.arn)), "")
