"""A model, as an account's upstream describes it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Tokens are 0 when unknown; `created` is epoch seconds when an account first offered it.

    `request_fields_schema` is the upstream's JSON schema of additional request fields, as JSON
    text, empty when it has none. `rate` is credits per unit relative to the cheapest, 0 unknown.
    `input_types` are what the model reads, "text", "image"; empty when unknown. `owner` is whose model
    the list says it is, by which data planes know what serves it; empty when it does not.
    """

    id: str
    display_name: str = ""
    context_window: int = 0
    max_output: int = 0
    rate: float = 0.0
    request_fields_schema: str = ""
    created: int = 0
    input_types: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One row of the public model table: a model of a kind, merged over the accounts that offer it. `routes`: names
    of routes that lead to it as the first of their targets that anybody offers.
    """

    kind: str
    facts: ModelFacts
    aliases: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
