"""What an account offers: its upstream's list, and the last word of its record where its kind gives it that."""

from collections.abc import Mapping, Sequence

from controlplane.domain.account import Account
from controlplane.domain.kinds import KINDS
from controlplane.domain.model import ModelFacts
from controlplane.policy import wellknown


def listed(account: Account, models: Sequence[ModelFacts]) -> Mapping[str, ModelFacts]:
    """The list by id; what lists of its kind seldom tell is filled in."""
    sparse = KINDS[account.kind].open_list
    return {model.id: wellknown.completed(model) if sparse else model for model in models}


def offered(account: Account, listed: Mapping[str, ModelFacts]) -> Mapping[str, ModelFacts]:
    """What the account offers: its upstream's list, or its record where its kind has the last word there."""
    if not (account.models and KINDS[account.kind].open_list):
        return listed
    unlisted = (ModelFacts(model, created=account.created_at) for model in account.models if model not in listed)
    facts = {**listed, **{model.id: wellknown.completed(model) for model in unlisted}}
    return {model: facts[model] for model in account.models}
