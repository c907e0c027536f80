"""What a body is judged against, and what a refusal looks like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.simulators.kiro.models import Model
from tests.simulators.kiro.signatures import Signer

Profile = Literal["runtime", "legacy"]


@dataclass(frozen=True, slots=True)
class Terms:
    """The account's side of the judgement.

    `profile_arn` is the only ARN that is right for the account, "" when any well-formed one will do.
    `size_limit` is in estimated tokens, None for the window of the model asked for.
    `picky`: schemas are judged as the legacy profile does.
    """

    profile: Profile
    models: Mapping[str, Model]
    signing: tuple[bytes, str]
    profile_arn: str = ""
    arn_required: bool = True
    size_limit: int | None = None
    picky: bool = False

    def signer(self, model: str) -> Signer:
        return Signer(*self.signing, model)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A refused body: the answer, and for the test's author the broken `rule` with what broke it."""

    rule: str
    status: int
    body: dict[str, Any] = field(default_factory=dict)
    detail: str = ""
