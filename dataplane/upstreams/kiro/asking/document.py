"""A tool's schema as a document: without what Kiro rejects (S07, S08), and with references that can be followed."""

from copy import copy
from typing import Any
from urllib.parse import unquote

Schema = dict[str, Any]

# References that lead to references. Far more than honest schemas have.
MAX_HOPS = 32


class Document:
    """One schema, cleaned.

    `root` is any JSON value. Each schema is cleaned once, however many references lead to it and
    however they are spelled.
    """

    def __init__(self, schema: Any) -> None:
        # By identity; what was cleaned is kept, so that nothing else gets its identity.
        self._cleaned: dict[int, tuple[Schema, Schema]] = {}
        self.root = self._clean(schema)

    @property
    def size(self) -> int:
        """How many schemas were found in it."""
        return len(self._cleaned)

    def resolved(self) -> "Document":
        """The same with what the root refers to in the root's place. The root must be an object."""
        found = copy(self)
        found.root = self.followed(self.root)
        return found

    def followed(self, schema: Schema) -> Schema:
        """A schema that refers to a definition, merged with that definition.

        Chains end when a reference leads nowhere or was followed before.
        """
        seen: set[str] = set()
        while isinstance(reference := schema.get("$ref"), str) and reference not in seen and len(seen) < MAX_HOPS:
            seen.add(reference)
            schema = joined(self.target(reference) or {}, without_reference(schema))
        return without_reference(schema)

    def target(self, reference: str) -> Schema | None:
        """What a reference within the document points at; None when it leads nowhere, elsewhere, or to the root."""
        at: Any = self.root
        for step in reference.removeprefix("#").split("/")[1:]:
            at = _step(at, step.replace("~1", "/").replace("~0", "~"))
        # What is pointed at may stand where no schema does, and was then not cleaned yet.
        return self._clean(at) if isinstance(at, dict) and at is not self.root else None

    def _clean(self, schema: Any) -> Any:
        """The schema without what Kiro rejects, at every depth where a schema stands.

        Values that are data (enum, const, default, examples) are not looked into.
        """
        if not isinstance(schema, dict):
            return schema
        if known := self._cleaned.get(id(schema)):
            return known[1]
        found: Schema = {}
        for key, value in schema.items():
            if value is None and key in _NEVER_NULL:
                continue
            if key in SCHEMAS_BY_NAME:
                found[key] = {name: self._clean(inner) for name, inner in value.items()} if isinstance(value, dict) else {}
            elif key in SCHEMAS:
                found[key] = [self._clean(inner) for inner in value] if isinstance(value, list) else self._clean(value)
            elif key != "required":
                if key not in _IDENTITY:
                    found[key] = value
            elif required := names(value):
                found[key] = required
        self._cleaned[id(schema)] = (schema, found)
        return found


def names(required: Any) -> list[str]:
    """The names that may stand in `required`, each once."""
    return list(dict.fromkeys(name for name in required if isinstance(name, str))) if isinstance(required, list) else []


def without_reference(schema: Schema) -> Schema:
    """What stands beside a reference."""
    return {key: value for key, value in schema.items() if key != "$ref"}


def joined(definition: Schema, own: Schema) -> Schema:
    """What stands beside a reference holds as well as what is referred to."""
    found = {**definition, **own}
    for key in ("properties", "$defs", "definitions"):
        if key in definition and key in own:
            found[key] = {**definition[key], **own[key]}
    if "required" in definition and "required" in own:
        found["required"] = names([*definition["required"], *own["required"]])
    return found


def _step(at: Any, name: str) -> Any:
    if isinstance(at, list):
        return at[int(name)] if name.isdecimal() and len(name) < 6 and int(name) < len(at) else None
    return at.get(name, at.get(unquote(name))) if isinstance(at, dict) else None


SCHEMAS_BY_NAME = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
SCHEMAS = frozenset(
    {
        "items",
        "prefixItems",
        "additionalItems",
        "additionalProperties",
        "unevaluatedItems",
        "unevaluatedProperties",
        "contains",
        "propertyNames",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
    }
)
_IDENTITY = frozenset({"$schema", "$id", "$anchor", "$comment"})
# Keywords for which null is not a value but a missing one; programs write it for what they leave out.
_NEVER_NULL = frozenset(
    {
        *SCHEMAS,
        "required",
        "type",
        "title",
        "description",
        "enum",
        "format",
        "pattern",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "$ref",
    }
)
