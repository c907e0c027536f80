"""PDFs read: the words of each page, a picture where there are none, in order."""

import re

import pytest

from dataplane.clients.media.job import Job
from dataplane.clients.media.worker import pdf as reader
from dataplane.clients.media.worker.pdf import read
from dataplane.clients.media.worker.pictures import Unfit
from tests.dataplane.clients.media.files import DRAWING, opened, pdf, words

JOB = Job("pdf", ("image/jpeg", "image/png"), 5 * 1024 * 1024, 1568, 3)


def test_I08_text_comes_page_by_page():
    pieces = read(JOB, pdf(words("first"), words("second") + words("and more", y=60)))
    assert [piece.text for piece in pieces] == ["[page 1]\nfirst\n[page 2]\nsecond\nand more"]


def test_I08_a_page_without_text_is_drawn_between_the_others():
    data = pdf(words("first"), DRAWING, words("third"))
    before, drawn, after = read(JOB, data)
    assert (before.text, after.text) == ("[page 1]\nfirst\n[page 2]", "[page 3]\nthird")
    image = opened(drawn.data)
    assert image.size == (1200, 800), "four pixels a point, as that is less than the longest side"
    red, _, blue = image.convert("RGB").getpixel((400, 500))
    assert blue > 200 > red
    assert read(JOB, data) == [before, drawn, after]


def test_I08_a_large_page_is_no_larger_than_the_side():
    drawn = read(Job("pdf", JOB.formats, JOB.max_base64, 500, 3), pdf(DRAWING))[1]
    assert opened(drawn.data).size == (500, 334)


def test_an_empty_page_is_only_counted():
    assert [piece.text for piece in read(JOB, pdf("", words("second")))] == ["[page 1]\n[page 2]\nsecond"]


def test_what_was_filled_into_a_form_is_read():
    assert [piece.text for piece in read(JOB, pdf(words("Name:"), form="Ada Lovelace"))] == ["[page 1]\nName:\nAda Lovelace"]


def test_I08_more_drawn_pages_than_allowed_are_refused():
    assert len(read(JOB, pdf(*[DRAWING] * 3))) == 6
    with pytest.raises(Unfit, match="more than 3 pages that have no text"):
        read(JOB, pdf(*[DRAWING] * 4))


def test_more_text_than_allowed_is_refused(monkeypatch):
    monkeypatch.setattr(reader, "MAX_LETTERS", 9)
    with pytest.raises(Unfit, match="too much text"):
        read(JOB, pdf(words("first"), words("second")))


def encrypted():
    """A PDF that names a password nobody gave."""
    data = pdf(words("secret"))
    lock = b"/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <%s> /U <%s> >> /ID [<00> <00>]" % (b"41" * 32, b"42" * 32)
    return re.sub(rb"/Root 1 0 R", b"/Root 1 0 R " + lock, data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (encrypted(), "password"),
        (b"%PDF-1.7\nnonsense", "damaged"),
        (b"", "damaged"),
        (pdf(), "damaged"),
        (pdf(words("first")).replace(b"/Kids [5 0 R] /Count 1", b"/Kids [99 0 R] /Count 1"), "damaged"),
    ],
)
def test_a_pdf_that_cannot_be_read(data, why):
    with pytest.raises(Unfit, match=why):
        read(JOB, data)
