"""What a refresh was begun with and what it brought."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from controlplane.domain.account import Credentials


@dataclass(frozen=True, slots=True)
class Trade:
    """What the provider was shown, and what it gave for that. `attributes`: as in Tokens. `base_url`: the account's
    address then.
    """

    before: Credentials
    after: Credentials
    profile_arn: str
    attributes: Mapping[str, str]
    base_url: str

    @property
    def rotated(self) -> bool:
        return self.after.refresh_token != self.before.refresh_token

    def onto(self, stored: Credentials) -> Credentials:
        """What an administrator changed meanwhile about the same sign-in, with what the trade renewed."""
        given = stored.access_token not in ("", self.before.access_token)
        token = stored if given else self.after
        return replace(
            stored,
            refresh_token=self.after.refresh_token,
            access_token=token.access_token,
            expires_at=token.expires_at,
            version=stored.version + 1,
        )
