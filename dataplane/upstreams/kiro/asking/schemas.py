"""Tool schemas as Kiro's runtime host accepts them (S05 to S08).

The root must be an object; identity keywords, an empty `required` and null members are taken out;
everything else stays, in its order. Clients send the same schemas with every request, so results
are remembered by the schema's bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, wraps
from typing import Any

from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro import surrogates
from dataplane.upstreams.kiro.asking.depth import TooDeep, bounded
from dataplane.upstreams.kiro.asking.document import Document, Schema
from dataplane.wire import jsontext

EMPTY = b'{"type":"object","properties":{}}'
# Longer ones are rare and would make the memory's size depend on what clients send.
REMEMBERED_BYTES = 16 * 1024
REMEMBERED = 512
# How alternatives are introduced to the model.
UNIONS = {"anyOf": "Any of these forms", "oneOf": "Exactly one of these forms", "allOf": "All of these together"}

Rewriting = Callable[[bytes], bytes]
Trail = tuple[Any, ...]


def remembered(rewrite: Callable[[Any], Any]) -> Rewriting:
    """`rewrite`, from parsed schema to schema, as a function of JSON texts.

    It gives EMPTY for no schema, and raises InvalidRequest for what is no JSON or nested too deeply.
    """

    def fresh(schema: bytes) -> bytes:
        try:
            return jsontext.dumps(rewrite(_load(schema)))
        except (TooDeep, RecursionError) as error:
            raise InvalidRequest("a tool's schema is nested too deeply", param="tools") from error
        except ValueError as error:
            raise InvalidRequest("a tool's schema is not JSON", param="tools") from error

    known = lru_cache(maxsize=REMEMBERED)(fresh)

    @wraps(rewrite)
    def accepted(schema: bytes) -> bytes:
        if not schema:
            return EMPTY
        return known(schema) if len(schema) <= REMEMBERED_BYTES else fresh(schema)

    return accepted


@remembered
def accepted(schema: Any) -> Schema:
    """A schema as the runtime host takes it."""
    return _root(Document(schema))


def _load(schema: bytes) -> Any:
    try:
        found = jsontext.loads(schema)
    except ValueError:
        return jsontext.loads(surrogates.reread(schema))
    return bounded(found, len(schema))


def _root(document: Document) -> Schema:
    """S06: an object, whatever the schema was."""
    if not isinstance(document.root, dict):
        return {"type": "object", "properties": {}}
    document = document.resolved()
    schema: Schema = document.root
    if not takes_object(document):
        return wrapped(schema)
    if not UNIONS.keys().isdisjoint(schema):
        schema = _flattened(document)
    return {**schema, "type": "object", "properties": schema.get("properties", {})}


def takes_object(document: Document) -> bool:
    """Whether a root asks for an object, or lets one pass among other things, or says nothing at all."""
    return _Forms(document).is_object(document.root)


def _flattened(document: Document) -> Schema:
    """A root of alternatives: one object with the properties of all, the alternatives told in words.

    Claude takes no union at the root, not even beside a type. Where there is too much to join, the
    words must do.
    """
    schema: Schema = document.root
    forms = _Forms(document)
    properties, required = forms.members(schema)
    if forms.exhausted:
        properties, required = schema.get("properties", {}), schema.get("required", [])
    told = "\n".join(f"{UNIONS[key]}: {jsontext.dumps(schema[key]).decode()}" for key in UNIONS if key in schema)
    described = schema.get("description")
    found = {key: value for key, value in schema.items() if key not in UNIONS and key != "required"}
    found |= {"properties": properties, "description": f"{described}\n{told}" if isinstance(described, str) else told}
    if required:
        found["required"] = required
    return found


class _Forms:
    """The forms that a root's unions hold, at any depth.

    Definitions may hold themselves, which is followed once, or each other in great numbers, or be
    large and referred to often: only so much is looked at. `trail` are the references that led to a
    form.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        # Forms, with their keywords, properties and required names.
        self._left = PARTS_EACH * document.size
        # Bytes of the properties that are joined. Each stands in the document already, and needs more
        # only when references point into what others point at.
        self._room = 0
        # By identity: what is referred to again is not written again.
        self._texts: dict[int, bytes] = {}

    @property
    def exhausted(self) -> bool:
        """Whether there was more than is looked at."""
        return self._left <= 0

    def is_object(self, schema: Schema, trail: Trail = ()) -> bool:
        kind = schema.get("type")
        if kind and isinstance(kind, str | list):
            return kind == "object" or (isinstance(kind, list) and "object" in kind)
        if not _OBJECT.isdisjoint(schema):
            return True
        if not _OTHER.isdisjoint(schema):
            values = schema.get("enum", [schema.get("const")])
            return isinstance(values, list) and any(isinstance(value, dict) for value in values)
        forms = [(form, onward) for _, form, onward in self._within(schema, trail)]
        return not forms or any(self.is_object(form, onward) for form, onward in forms)

    def members(self, schema: Schema) -> tuple[Schema, list[str]]:
        """The properties of an object and of all its forms, and those that every form requires.

        A property that differs between the forms may be what any of them says.
        """
        self._room = len(self._text(self._document.root))
        variants: dict[str, dict[bytes, Any]] = {}
        required = self._gather(schema, (), variants)
        found = {name: [*inner.values()] for name, inner in variants.items()}
        return {name: inner[0] if len(inner) == 1 else {"anyOf": inner} for name, inner in found.items()}, required

    def _gather(self, schema: Schema, trail: Trail, variants: dict[str, dict[bytes, Any]]) -> list[str]:
        """Adds the properties to `variants`; gives what is required."""
        for name, inner in schema.get("properties", {}).items():
            known, text = variants.setdefault(name, {}), self._text(inner)
            if text not in known:
                known[text] = inner
                self._room -= len(text)
        if self._room < 0:
            self._left = 0
        required = dict.fromkeys(schema.get("required", ()))
        needed: dict[str, list[list[str]]] = {}
        for union, form, onward in self._within(schema, trail):
            if self.is_object(form, onward):
                needed.setdefault(union, []).append(self._gather(form, onward, variants))
        for union, lists in needed.items():
            required.update(dict.fromkeys(_all_of(lists) if union == "allOf" else in_each(lists)))
        return list(required)

    def _text(self, schema: Any) -> bytes:
        """By which schemas are told apart; `true` is not 1."""
        found = self._texts.get(id(schema))
        if found is None:
            found = self._texts[id(schema)] = jsontext.dumps(schema)
        return found

    def _within(self, schema: Schema, trail: Trail) -> Iterator[tuple[str, Schema, Trail]]:
        for union in UNIONS:
            forms = schema.get(union)
            for form in _different(forms) if isinstance(forms, list) else ():
                if form.get("$ref") in trail or self.exhausted:
                    continue
                found = self._document.followed(form)
                self._left -= 1 + len(found) + len(found.get("properties", ())) + len(found.get("required", ()))
                yield union, found, (*trail, form["$ref"]) if "$ref" in form else trail


def _different(forms: list[Any]) -> Iterator[Schema]:
    """Without references that were given already, which some generators repeat."""
    given: set[str] = set()
    for form in forms:
        if not isinstance(form, dict):
            continue
        if len(form) == 1 and isinstance(reference := form.get("$ref"), str):
            if reference in given:
                continue
            given.add(reference)
        yield form


def _all_of(lists: list[list[str]]) -> list[str]:
    return [name for names in lists for name in names]


def in_each(lists: Sequence[Iterable[str]]) -> list[str]:
    """The names that all lists have, in the order of the first."""
    shared = set[str].intersection(*map(set, lists))
    return [name for name in lists[0] if name in shared]


def wrapped(schema: Schema) -> Schema:
    """A root that is no object, as the one property of an object.

    The wrapping stays on the way back: arguments are objects in both client protocols and in the
    events, and a root that is no object never takes one. When the client sends the call again as
    part of the history, it has the same form.
    """
    definitions: Schema = {key: schema[key] for key in ("$defs", "definitions") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in definitions}
    return {"type": "object", "properties": {"value": inner}, "required": ["value"], **definitions}


# How much of a root's unions is looked at for each schema in the document. Far more than honest ones have.
PARTS_EACH = 16
# Keywords that say by themselves that an object is meant, and those that may mean something else.
_OBJECT = frozenset(
    {
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "dependentSchemas",
    }
)
_OTHER = frozenset(
    {"enum", "const", "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "pattern", "minimum", "maximum"}
)
