"""Cases 33 to 36: pictures and files, made and read for real."""

import pytest

from dataplane.errors import InvalidRequest
from dataplane.upstreams.kiro.asking.images import REMOVED
from tests.dataplane.clients.media.files import DRAWING, coded, noise, opened, pdf, picture, saved, words
from tests.dataplane.clients.upstream import Upstream, saying, whole
from tests.dataplane.kiro_cases.bodies import A, O, a, image, image_url, text, tr, tu, u

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(200)


def one(sent):
    """The only picture, opened: what it is called and its size."""
    ((_, called, data),) = sent.images
    found = opened(data)
    assert found.format.lower() == called
    return called, found.size


@pytest.mark.parametrize(
    ("data", "said", "format"),
    [
        (picture("JPEG"), "image/png", "jpeg"),
        (picture("PNG"), "image/jpg", "png"),
        (picture("WEBP"), "image/webp", "webp"),
        (picture("GIF", mode="P"), "image/gif", "gif"),
        (picture("PNG"), "", "png"),
    ],
)
def test_case_33_I02_a_picture_goes_under_what_it_is(gate, data, said, format):
    for sent in gate.both("A", A(u([image(coded(data), said), text("What is it?")]))):
        assert sent.images == [(0, format, coded(data))]
        assert sent.contents == ["What is it?"]


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_case_33_I02_other_formats_are_recoded(gate, kind):
    for sent in gate.both("A", A(u([image(coded(picture(kind, (60, 20))), f"image/{kind.lower()}"), text("q")]))):
        called, size = one(sent)
        assert called in {"png", "jpeg"}
        assert size == (60, 20)


@pytest.mark.parametrize("data", [coded(HEIC), coded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "%%%", ""])
def test_case_33_I02_what_cannot_be_read_is_refused_by_its_place(gate, data):
    with pytest.raises(InvalidRequest) as refused:
        gate.send("A", A(u("q"), a("r"), u([text("see"), image(data)])))
    assert refused.value.param == "messages[2].content[1]"
    assert "messages[2].content[1]" in refused.value.message


def test_case_33_I03_data_urls_and_broken_lines_of_base64_are_bare_in_the_end(gate):
    data = coded(picture("PNG"))
    lines = "\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    asked = [
        ("A", A(u([image(f"data:image/png;base64,{data}"), text("q")]))),
        ("A", A(u([image(lines), text("q")]))),
        ("O", O(u([text("q"), image_url(f"data:image/png;base64,{data}")]))),
        ("O", O(u([text("q"), {"type": "image_url", "image_url": f"data:image/png;base64,{lines}"}]))),
    ]
    for form, body in asked:
        for sent in gate.both(form, body):
            assert sent.images == [(0, "png", data)]
            assert sent.contents == ["q"]


@pytest.mark.parametrize("form", ["A", "O"])
def test_case_33_I03_a_picture_at_an_address_is_fetched(gate, form):
    data = picture("PNG")

    async def fetched():
        async with Upstream(saying(whole(data), close=True)) as server:
            url = f"{server.url}/a.png"
            source = {"type": "image", "source": {"type": "url", "url": url}} if form == "A" else image_url(url)
            return await gate.sending(form, (A if form == "A" else O)(u([source, text("q")])))

    assert gate.run(fetched()).images == [(0, "png", coded(data))]


def test_case_33_I03_an_address_without_a_picture_is_refused_by_its_place(gate):
    async def fetched():
        async with Upstream(saying(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", close=True)) as server:
            return await gate.sending("O", O(u([image_url(f"{server.url}/a.png")])))

    with pytest.raises(InvalidRequest) as refused:
        gate.run(fetched())
    assert refused.value.param == "messages[0].content[0].image_url.url"


def test_case_33_I04_twelve_megabytes_become_less_than_five(gate):
    data = saved(noise((2100, 1900)), "PNG", compress_level=0)
    assert len(data) > 11_900_000
    sent = gate.send("A", A(u([image(coded(data)), text("q")])))
    _, (width, height) = one(sent)
    assert abs(width / height - 2100 / 1900) < 0.02
    assert len(sent.images[0][2]) <= 5 * 1024 * 1024


def test_case_33_I05_a_long_strip_is_scaled_down(gate):
    for sent in gate.both("A", A(u([image(coded(picture("PNG", (9000, 100)))), text("q")]))):
        _, (width, height) = one(sent)
        assert 7000 < width <= 8000
        assert 80 <= height < 100


def test_case_33_I01_I07_pictures_of_results_are_numbered_and_seated_in_their_turn(gate):
    first, second, third = (coded(picture("PNG", (n, n))) for n in (11, 12, 13))
    answers = u([tr("2", [image(second)]), tr("1", [text("one:"), image(first)]), image(third), text("and this")])
    for sent in gate.both("A", A(u("q"), a([tu("1"), tu("2")]), answers)):
        assert sent.images == [(2, "png", first), (2, "png", second), (2, "png", third)]
        assert sent.outputs == [("1", "one:\n[image 1]"), ("2", "[image 2]")]
        legend, said = sent.current["content"].split("\n\n")
        assert "[image 1], [image 2]" in legend
        assert said == "and this"


def test_case_33_I09_a_model_without_eyes_is_no_model_for_pictures(gate):
    with pytest.raises(InvalidRequest) as refused:
        gate.send("A", A(u([text("q"), image(coded(picture("PNG")))])), model="glm-5")
    assert refused.value.param == "messages[0].content[1]"


def test_case_34_I05_more_than_twenty_pictures_must_be_smaller(gate):
    large = [coded(picture("PNG", (2500, 10 + n))) for n in range(21)]
    history = [turn for n in range(20) for turn in (u([image(large[n]), text(f"q{n}")]), a(f"r{n}"))]
    sent = gate.send("A", A(*history, u([image(large[20]), text("q20")])))
    assert [turn for turn, _, _ in sent.images] == list(range(0, 41, 2))
    assert {max(opened(data).size) for _, _, data in sent.images} == {2000}
    few = gate.send("A", A(*history[:-2], u([image(large[20]), text("q20")])))
    assert [data for _, _, data in few.images] == [*large[:19], large[20]]


def test_case_34_I06_of_more_than_a_hundred_the_oldest_become_a_note(gate):
    small = [coded(picture("PNG", (10 + n, 10))) for n in range(103)]
    body = A(u([image(small[0]), image(small[1]), text("first")]), a("r"), u([*map(image, small[2:4]), text("second")]), a("r"))
    body["messages"].append(u([*map(image, small[4:]), text("now")]))
    for sent in gate.both("A", body):
        assert [data for _, _, data in sent.images] == small[3:]
        assert sent.contents == [f"{REMOVED}\n\nfirst", "r", f"{REMOVED}\n\nsecond", "r", "now"]


def test_case_34_I06_a_hundred_and_one_in_one_message_are_refused_by_the_place_of_the_last(gate):
    with pytest.raises(InvalidRequest) as refused:
        gate.send("A", A(u([image(coded(picture("PNG", (10 + n, 10)))) for n in range(101)])))
    assert refused.value.param == "messages[0].content[100]"


def document(source, **more):
    return {"type": "document", "source": source, **more}


def in_base64(data, media_type="application/pdf"):
    return {"type": "base64", "media_type": media_type, "data": coded(data)}


def test_case_36_I08_files_become_text_under_their_names(gate):
    report = document(in_base64(pdf(words("Page one says"), words("Page two says"))), title="report.pdf", citations={"enabled": True})
    notes = document({"type": "text", "media_type": "text/plain", "data": "tab\there\n\n  é漢🙂"}, title="notes.txt")
    for sent in gate.both("A", A(u([report, notes, text("Sum up.")]))):
        (content,) = sent.contents
        assert content.index("[file: report.pdf]") < content.index("Page one says") < content.index("Page two says")
        assert content.endswith("[file: notes.txt]\ntab\there\n\n  é漢🙂\n\nSum up.")
        assert sent.images == []
        assert sent.dropped == ["messages[0].content[0].citations"]


def test_case_36_I08_a_page_without_text_is_shown(gate):
    for sent in gate.both("A", A(u([document(in_base64(pdf(DRAWING)), title="plan.pdf"), text("What is drawn?")]))):
        assert one(sent)[0] in {"png", "jpeg"}
        assert "[file: plan.pdf]" in sent.contents[0]


def test_case_36_I07_I08_a_file_in_a_result_stays_in_the_result(gate):
    made = tr("1", [text("read:"), document(in_base64(pdf(words("Inside"))), title="x.pdf")])
    for sent in gate.both("A", A(u("q"), a([tu("1")]), u([made]))):
        ((_, output),) = sent.outputs
        assert output.startswith("read:\n[file: x.pdf]")
        assert "Inside" in output


def test_case_36_I08_a_file_of_the_other_form(gate):
    file = {"type": "file", "file": {"filename": "r.pdf", "file_data": f"data:application/pdf;base64,{coded(pdf(words('Hello')))}"}}
    for sent in gate.both("O", O(u([file, text("q")]))):
        assert "[file: r.pdf]" in sent.contents[0]
        assert "Hello" in sent.contents[0]


@pytest.mark.parametrize("source", [in_base64(b"PK\x03\x04" + bytes(50), "application/zip"), in_base64(b"%PDF-1.7 broken")])
def test_case_36_I08_files_that_cannot_be_read_are_refused_by_their_place(gate, source):
    with pytest.raises(InvalidRequest) as refused:
        gate.send("A", A(u([text("q"), document(source)])))
    assert refused.value.param == "messages[0].content[1]"
