"""What a converter makes of pictures and files takes their place in the conversation."""

from dataplane.conversation.model import Call, Document, Image, Text, ToolCall, ToolResult, Turn
from dataplane.media import fit
from dataplane.upstreams.base import MediaRules

RULES = MediaRules(frozenset({"image/png"}), 1000, 100, 20, 50)


class Renaming:
    """A converter by a table: from a picture's data or a file's name to what stands in its place."""

    def __init__(self, **table):
        self.table, self.asked = table, []

    async def convert(self, media, rules):
        self.asked.append((list(media), rules))
        return [self.table.get(part.data if isinstance(part, Image) else part.name, [part]) for part in media]


def conversation():
    image, inner, file = Image("image/png", "a"), Image("image/bmp", "b"), Document("application/pdf", "x", name="f")
    turns = [
        Turn("user", [Text("look"), image, file]),
        Turn("assistant", [ToolCall("1", "see", "{}")]),
        Turn("user", [ToolResult("1", [Text("seen"), inner], is_error=True)]),
    ]
    return Call("m", turns, "fake", media=[image, file, inner])


async def test_what_fits_leaves_the_call_itself():
    call, converter = conversation(), Renaming()
    assert await fit(converter, call, RULES) is call
    assert converter.asked == [(call.media, RULES)]


async def test_nothing_is_asked_without_media_or_without_rules():
    converter = Renaming()
    call = conversation()
    assert await fit(converter, call, None) is call
    empty = Call("m", [Turn("user", [Text("hi")])], "fake")
    assert await fit(converter, empty, RULES) is empty
    assert converter.asked == []


async def test_parts_are_replaced_where_they_stand_and_the_original_is_left_alone():
    call = conversation()
    page, small = Image("image/png", "page"), Image("image/png", "small")
    made = await fit(Renaming(f=[Text("one"), page, Text("two")], b=[small]), call, RULES)
    assert made.turns == [
        Turn("user", [Text("look"), call.media[0], Text("one"), page, Text("two")]),
        Turn("assistant", [ToolCall("1", "see", "{}")]),
        Turn("user", [ToolResult("1", [Text("seen"), small], is_error=True)]),
    ]
    assert made.media == [call.media[0], page, small]
    assert call == conversation()


async def test_equal_pictures_are_told_apart():
    """Two parts that are equal may be at different places, and become different things."""
    first, second = Image("image/bmp", "b", where="one"), Image("image/bmp", "b", where="two")
    call = Call("m", [Turn("user", [first]), Turn("user", [second])], "fake", media=[first, second])

    class Placing:
        async def convert(self, media, rules):
            return [[Text(part.where)] for part in media]

    assert [turn.parts for turn in (await fit(Placing(), call, RULES)).turns] == [[Text("one")], [Text("two")]]
