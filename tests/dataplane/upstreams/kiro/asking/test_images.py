"""Pictures find a seat, or a note tells where they were."""

import base64

import pytest

from dataplane.conversation.model import Document, Image, Text, ToolResult
from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking.entries import ATTACHED
from dataplane.upstreams.kiro.asking.images import LOOK, REMOVED
from tests.dataplane.upstreams.kiro.samples import assistant, body, call, current, outline, picture, png, result, state, use, user

GIF = base64.b64encode(b"GIF89a" + bytes((10, 0, 10, 0)) + bytes(8)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x0a\x00\x0a\x01\x01\x11\x00\xff\xd9").decode()
WEBP = base64.b64encode(b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\x09\x40\x02\x00" + bytes(9)).decode()


def shown(asked, **more):
    """(content, bytes of each picture, texts of results) of each user turn."""
    found = state(asked, **more)
    rows = []
    for entry in [*found.get("history", []), found["currentMessage"]]:
        message = entry.get("userInputMessage")
        if message:
            results = message.get("userInputMessageContext", {}).get("toolResults", [])
            texts = [part["text"] for given in results for part in given["content"]]
            rows.append((message["content"], [seat["source"]["bytes"] for seat in message.get("images", [])], texts))
    return rows


ONE, TWO, THREE, FOUR = (png(width) for width in (11, 12, 13, 14))


def output(id, *parts):
    return ToolResult(id, [Text(part) if isinstance(part, str) else part for part in parts])


def test_I01_pictures_stand_on_the_user_turn():
    found = current(call(user("look", picture(ONE), "closer")))
    assert found["images"] == [{"format": "png", "source": {"bytes": ONE}}]
    assert found["content"] == "look\n\ncloser"


def test_I01_pictures_of_an_answer_go_to_the_turn_that_follows():
    asked = call(user("draw"), assistant("here", picture(ONE), picture(TWO), "so"), user("nice", picture(THREE)))
    assert shown(asked) == [("draw", [], []), ("nice", [ONE, TWO, THREE], [])]
    assert state(asked)["history"][1]["assistantResponseMessage"] == {"content": f"here\n\n{ATTACHED}\n\nso"}


def test_I01_pictures_of_the_last_answer_are_the_message():
    asked = call(user("draw"), assistant(picture(ONE)))
    assert shown(asked) == [("draw", [], []), (LOOK, [ONE], [])]


def test_C01_a_message_of_pictures_gets_words():
    assert shown(call(user("a"), assistant("b"), user(picture(ONE), " "))) == [("a", [], []), (LOOK, [ONE], [])]
    assert shown(call(user(picture(ONE)), user("what?"))) == [("what?", [ONE], [])]
    assert shown(call(user(picture(ONE)), system=["S"])) == [("S", [ONE], [])]


@pytest.mark.parametrize(
    ("data", "media_type", "format"),
    [(png(), "image/png", "png"), (JPEG, "image/jpeg", "jpeg"), (GIF, "image/gif", "gif"), (WEBP, "image/webp", "webp")],
)
def test_I02_the_four_formats(data, media_type, format):
    assert current(call(user("x", picture(data, media_type))))["images"][0]["format"] == format


REFUSED = {
    "called another": picture(png(), "image/jpeg", "messages[0].content[1]"),
    "called what nobody knows": picture(png(), "image/jpg", "messages[0].content[1]"),
    "no picture": picture(base64.b64encode(bytes(90)).decode(), "image/png", "messages[0].content[1]"),
    "empty": picture("", "image/png", "messages[0].content[1]"),
    "not padded": picture(png() + "A", "image/png", "messages[0].content[1]"),
    "a data URL": picture("data:image/png;base64," + png(), "image/png", "messages[0].content[1]"),
    "not fetched": Image(url="http://127.0.0.1/x.png", where="messages[0].content[1]"),
    "too large": picture(png(pad=4 * 1024 * 1024), "image/png", "messages[0].content[1]"),
    "too wide": picture(png(8001, 5), "image/png", "messages[0].content[1]"),
    "a file": Document("application/pdf", "AAAA", where="messages[0].content[1]"),
}


def refused(asked, **more):
    with pytest.raises(InvalidRequest) as raised:
        body(asked, **more)
    return raised.value


@pytest.mark.parametrize("fault", ["called another", "called what nobody knows", "no picture", "empty"])
def test_I02_what_is_none_of_the_four_is_refused_where_it_stands(fault):
    assert refused(call(user("x", REFUSED[fault]))).param == "messages[0].content[1]"


@pytest.mark.parametrize("fault", ["not padded", "a data URL", "not fetched"])
def test_I03_only_bare_base64_goes_out(fault):
    assert refused(call(user("x", REFUSED[fault]))).param == "messages[0].content[1]"


def test_I04_large_pictures_are_refused():
    assert "5242880" in refused(call(user("x", REFUSED["too large"]))).message
    fits = picture(png(pad=3_900_000))
    assert current(call(user("x", fits)))["images"]


def test_I05_long_sides_are_refused():
    assert "8001" in refused(call(user("x", REFUSED["too wide"]))).message
    many = [picture(png(2001 - number // 20, 5), where=f"messages[0].content[{number}]") for number in range(21)]
    assert current(call(user("x", *many[:20])))["images"]
    assert refused(call(user("x", *many))).param == "messages[0].content[0]"


def test_I06_the_oldest_of_too_many_become_a_note():
    turns = []
    for number in range(51):
        turns += [user(f"u{number}", picture(png(number + 1)), picture(png(number + 1, 5))), assistant("ok")]
    found = shown(call(*turns, user("now", picture(ONE))))
    assert [len(pictures) for _, pictures, _ in found] == [0, 1, *[2] * 49, 1]
    assert [content for content, _, _ in found[:3]] == [f"u0\n\n{REMOVED}", f"u1\n\n{REMOVED}", "u2"]
    assert found[1][1] == [png(2, 5)]


def test_I06_in_results_too():
    turns = [user("a"), assistant(use("1")), user(output("1", "x", picture(ONE), picture(TWO), picture(THREE)))]
    turns += [assistant("b"), user("c", *(picture(png(number + 1)) for number in range(99)))]
    found = shown(call(*turns))
    assert found[1] == ("", [THREE], ["x", REMOVED, "[image 1]"])


def test_I06_the_same_picture_twice_is_counted_twice():
    one = picture(ONE)
    found = shown(call(user("a", one), assistant("b"), user("c", one), assistant("d"), user("e", *[one] * 99)))
    assert [len(pictures) for _, pictures, _ in found] == [0, 1, 99]


def test_I06_too_many_in_one_message_are_refused():
    many = [picture(where=f"messages[0].content[{number}]") for number in range(101)]
    assert current(call(user("x", *many[:100])))["images"]
    assert refused(call(user("x", *many))).param == "messages[0].content[100]"


def test_I07_a_picture_of_a_result_leaves_its_number():
    asked = call(user("a"), assistant(use("1")), user(output("1", "before", picture(ONE), "after")))
    assert shown(asked)[1] == ("", [ONE], ["before", "[image 1]", "after"])


def test_I07_one_line_tells_the_order_of_several():
    asked = call(
        user("a"),
        assistant(use("1"), use("2")),
        user(output("2", picture(TWO), picture(THREE)), output("1", picture(ONE)), "and", picture(FOUR)),
    )
    legend = "Attached images, in this order: [image 1], [image 2], [image 3], then 1 of the message itself."
    assert shown(asked)[1] == (f"{legend}\n\nand", [ONE, TWO, THREE, FOUR], ["[image 1]", "[image 2]", "[image 3]"])


def test_I07_pictures_of_a_result_without_call_stay_with_its_text():
    assert shown(call(user(output("9", "x", picture(ONE))))) == [("Result of tool call 9:\nx\n[image attached]", [ONE], [])]


def test_I07_a_result_said_twice_keeps_its_pictures():
    asked = call(user("a"), assistant(use("1")), user(output("1", picture(ONE)), output("1", picture(ONE), picture(TWO))))
    assert shown(asked)[1][1:] == ([ONE, TWO], ["[image 1]", "[image 2]"])


def test_I08_a_file_is_refused_where_it_stands():
    assert refused(call(user("x", REFUSED["a file"]))).param == "messages[0].content[1]"
    assert refused(call(user("a"), assistant(use("1")), user(output("1", REFUSED["a file"])))).param == "messages[0].content[1]"
    assert refused(call(user("a"), assistant(Document(text="x")), user("b"))).param == "messages"


def test_I09_models_that_read_text_only_are_shown_no_pictures():
    first = picture(where="messages[2].content[0].content[0]")
    asked = call(user("a"), assistant(use("1")), user(output("1", first), picture(where="messages[2].content[1]")))
    assert refused(asked, input_types=["text"]).param == "messages[2].content[0].content[0]"
    assert outline(asked)
    assert body(asked, input_types=["text", "image"])
    assert body(call(user("a"), assistant(use("1")), user(result("1", "x"))), input_types=["text"])
