"""PDFs read page by page: their text, and a picture of each page that has none."""

from collections.abc import Iterator

import pypdfium2
import pypdfium2.raw

from dataplane.clients.media.job import Job, Piece
from dataplane.clients.media.worker.pictures import Unfit, encode

# Pixels for a point; a page is 72 points to the inch, so this is finer than print.
MAX_SCALE = 4.0
# More text than any model reads.
MAX_LETTERS = 16_000_000


def read(job: Job, data: bytes) -> list[Piece]:
    """Text and pictures in the order of the pages, beginning with a text. Raises Unfit."""
    try:
        return _joined(_pages(job, _opened(data)))
    except pypdfium2.PdfiumError as error:
        raise Unfit("it is a PDF that is damaged") from error


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise Unfit("it is a PDF that needs a password") from error
        raise
    document.init_forms()  # before any page is opened, as it asks for
    return document


def _pages(job: Job, document: pypdfium2.PdfDocument) -> Iterator[Piece]:
    pictures = letters = 0
    for number in range(1, len(document) + 1):
        page = _page(document, number - 1)
        text = page.get_textpage().get_text_bounded().replace("\r\n", "\n").strip()
        letters += len(text)
        if letters > MAX_LETTERS:
            raise Unfit("it is a PDF with too much text")
        yield Piece(text=f"[page {number}]\n{text}" if text else f"[page {number}]")
        if not text and next(page.get_objects(max_depth=1), None):
            pictures += 1
            if pictures > job.pages:
                raise Unfit(f"it is a PDF with more than {job.pages} pages that have no text; send fewer pages")
            yield _rendered(job, page)


def _page(document: pypdfium2.PdfDocument, index: int) -> pypdfium2.PdfPage:
    """A page; what was filled into its form is made part of it, as it would be no text otherwise."""
    page = document[index]
    if document.formenv:
        page.flatten()
        page.close()
        page = document[index]
    return page


def _rendered(job: Job, page: pypdfium2.PdfPage) -> Piece:
    scale = min(job.side / max(*page.get_size(), 1.0), MAX_SCALE)
    return encode(job, page.render(scale=scale).to_pil().convert("RGB"))


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """Texts that follow each other as one."""
    joined: list[Piece] = []
    texts: list[str] = []
    for piece in pieces:
        if piece.text:
            texts.append(piece.text)
            continue
        if texts:
            joined.append(Piece(text="\n".join(texts)))
            texts = []
        joined.append(piece)
    return [*joined, Piece(text="\n".join(texts))] if texts else joined
