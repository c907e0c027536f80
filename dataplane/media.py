"""Fit: pictures and files in the form that the chosen upstream takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dataplane.conversation.model import Call, Document, Image, Part, Text, ToolResult, Turn
from dataplane.ports import Converter
from dataplane.upstreams.base import MediaRules

# What stands in the place of a part, by the part's identity.
Places = Mapping[int, Sequence[Text | Image | Document]]


async def fit(converter: Converter, call: Call, rules: MediaRules | None) -> Call:
    """`call` with every picture and file as `rules` want it; the call itself where nothing is to be done.

    The original stays as it was, as another upstream may take more. Raises InvalidRequest.
    """
    if not call.media or rules is None:
        return call
    found = await converter.convert(call.media, rules)
    if all(len(parts) == 1 and parts[0] is part for part, parts in zip(call.media, found, strict=True)):
        return call
    places: Places = {id(part): parts for part, parts in zip(call.media, found, strict=True)}
    media = [part for parts in found for part in parts if isinstance(part, Image | Document)]
    return replace(call, turns=[_turn(turn, places) for turn in call.turns], media=media, raw=b"")


def _turn(turn: Turn, places: Places) -> Turn:
    parts: list[Part] = []
    for part in turn.parts:
        if isinstance(part, ToolResult):
            inner = [new for each in part.parts for new in places.get(id(each), (each,))]
            parts.append(replace(part, parts=inner))
        else:
            parts += places.get(id(part), (part,))  # a part that is no media stands for itself
    return replace(turn, parts=parts)
