"""Pictures and files in, what an upstream takes out, with real workers."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from dataplane.clients.fetching import Fetched, Fetcher
from dataplane.clients.media import conversion, loading
from dataplane.clients.media.converter import MediaConverter
from dataplane.clients.media.workers import Bench
from dataplane.conversation.model import Document, Image, Text
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import MediaRules
from dataplane.wire.pictures import glance
from tests.dataplane.clients.media.files import DRAWING, coded, noise, opened, pdf, picture, saved, words
from tests.dataplane.clients.upstream import Upstream, saying, whole

RULES = MediaRules(frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"}), 5 * 1024 * 1024, 8000, 20, 2000)
PDF = "application/pdf"


class Files:
    """A fetcher of a table from URLs to files."""

    def __init__(self, **files):
        self.files, self.asked, self.now, self.most, self.closed = files, [], 0, 0, False

    async def fetch(self, url, where=""):
        self.asked.append((url, where))
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        return Fetched(*self.files[url.rpartition("/")[2]])

    def close(self):
        self.closed = True


@pytest.fixture
async def converter():
    made = MediaConverter(Files())
    yield made
    await made.close()
    assert made._fetcher.closed


@pytest.fixture
def jobs(monkeypatch):
    """The jobs that workers were given."""
    real, seen = Bench.do, []

    async def spy(self, job, data):
        seen.append(job)
        return await real(self, job, data)

    monkeypatch.setattr(Bench, "do", spy)
    return seen


async def one(converter, part, rules=RULES):
    return (await converter.convert([part], rules))[0]


async def refused(converter, part, why, rules=RULES):
    with pytest.raises(InvalidRequest, match=why) as caught:
        await converter.convert([part], rules)
    assert caught.value.param == part.where
    assert caught.value.message.startswith(part.where + ": ")


# ---- what is left alone


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
async def test_I02_a_picture_that_fits_is_itself(converter, jobs, kind):
    image = Image(f"image/{kind.lower()}", coded(picture(kind)))
    assert (await one(converter, image))[0] is image
    assert jobs == []


@pytest.mark.parametrize("said", ["image/jpg", "image/png", "", "application/octet-stream", "IMAGE/JPEG"])
async def test_I02_only_the_type_is_put_right(converter, jobs, said):
    data = coded(picture("JPEG"))
    image = Image(said, data, where="messages[0].content[1]")
    (made,) = await one(converter, image)
    assert made == Image("image/jpeg", data)
    assert made.where == image.where
    assert image.media_type == said
    assert jobs == []


async def test_I03_base64_is_made_bare(converter, jobs):
    data = coded(picture("PNG"))
    for written in (
        f"data:image/png;base64,{data}",
        data[:50] + "\n" + data[50:],
        data.rstrip("="),
        data.replace("+", "-").replace("/", "_"),
    ):
        assert await one(converter, Image("image/png", written)) == [Image("image/png", data)]
    assert await one(converter, Image(url=f"data:image/png;base64,{data}")) == [Image("image/png", data)]
    assert jobs == []


async def test_documents_that_are_taken_are_left_alone():
    files = Files()
    media = [Document(PDF, "JVBERi0="), Document(url="https://files.test/a.pdf"), Document("text/plain", text="x"), Document("a/b", "?")]
    made = await MediaConverter(files).convert(media, replace(RULES, documents=True))
    assert all(len(parts) == 1 and parts[0] is part for part, parts in zip(media, made, strict=True))
    assert files.asked == []


# ---- pictures that are changed


async def test_I02_another_format_is_recoded(converter):
    (made,) = await one(converter, Image("image/png", coded(picture("BMP")), where="here"))
    assert (made.media_type, made.where, opened(made.data).size) == ("image/png", "here", (40, 30))
    (made,) = await one(converter, Image("image/gif", coded(picture("GIF"))), replace(RULES, formats=frozenset({"image/jpeg"})))
    assert made.media_type == "image/jpeg"


async def test_I04_a_picture_of_twelve_megabytes(converter):
    data = saved(noise((2200, 1850)), "PNG")
    assert len(data) > 12_000_000
    (made,) = await one(converter, Image("image/png", coded(data)))
    assert len(made.data) <= RULES.max_base64
    assert (made.media_type, opened(made.data).format, opened(made.data).size) == ("image/jpeg", "JPEG", (2200, 1850))


async def test_I05_a_picture_that_is_too_long(converter):
    (made,) = await one(converter, Image("image/png", coded(picture("PNG", (9000, 100)))))
    assert opened(made.data).size == (8000, 89)


async def test_I05_many_pictures_must_be_smaller(converter, jobs):
    images = [Image("image/png", coded(picture("PNG", (2500, 10 + n)))) for n in range(21)]
    made = await converter.convert(images[:20], RULES)
    assert all(parts[0] is image for parts, image in zip(made, images, strict=False))
    assert jobs == []
    made = await converter.convert(images, RULES)
    assert {opened(parts[0].data).width for parts in made} == {2000}
    assert len(jobs) == 21


async def test_pages_and_files_count_as_pictures(converter):
    image = Image("image/png", coded(picture("PNG", (2500, 10))))
    file = Document(PDF, coded(pdf(DRAWING)))
    drawn = Document("image/png", image.data)
    rules = replace(RULES, many=1)
    assert (await converter.convert([image, Document("text/plain", text="x")], rules))[0][0] is image
    assert opened((await converter.convert([image, file], rules))[0][0].data).width == 2000
    assert [opened(parts[0].data).width for parts in await converter.convert([image, drawn], rules)] == [2000, 2000]


async def test_a_result_is_remembered_by_content_and_rules(converter, jobs):
    data = coded(picture("BMP"))
    first = await one(converter, Image("image/png", data, where="a"))
    again = await one(converter, Image("", data, where="b"))
    assert (first, len(jobs)) == (again, 1)
    assert (first[0].where, again[0].where) == ("a", "b")
    await one(converter, Image("image/png", data), replace(RULES, formats=frozenset({"image/jpeg"})))
    assert len(jobs) == 2


async def test_the_same_picture_many_times_is_made_once(converter, jobs):
    data = coded(picture("BMP"))
    found = await converter.convert([Image("image/bmp", data, where=str(place)) for place in range(20)], RULES)
    assert len(jobs) == 1
    assert [parts[0].where for parts in found] == [str(place) for place in range(20)]


async def test_a_result_of_a_url_is_remembered_by_what_came_from_there(jobs):
    files = Files(a=(picture("BMP"), ""), b=(picture("BMP"), ""))
    converter = MediaConverter(files)
    first = await one(converter, Image(url="https://files.test/a"))
    files.files["a"] = (picture("BMP", (50, 50)), "")
    assert await one(converter, Image(url="https://files.test/b")) == first
    assert len(jobs) == 1
    assert opened((await one(converter, Image(url="https://files.test/a")))[0].data).size == (50, 50)


async def test_a_picture_in_bare_base64_is_looked_at_once(converter, monkeypatch):
    seen = []
    monkeypatch.setattr(conversion, "glance", lambda text: seen.append(text) or glance(text))
    await one(converter, Image("image/png", coded(picture("PNG", (9000, 10)))))
    assert len(seen) == 1


async def test_a_request_with_many_pictures_holds_up_no_other(converter):
    crowd = asyncio.ensure_future(converter.convert([Image("", coded(picture("BMP", (400 + n, 300)))) for n in range(80)], RULES))
    await asyncio.sleep(0.05)
    async with asyncio.timeout(4):
        await one(converter, Image("", coded(picture("BMP"))))
    assert len(await crowd) == 80


async def test_large_base64_is_decoded_with_pauses_for_others(converter):
    """Six pictures of a few megabytes, decoded at once, would keep the loop from all else."""
    image = coded(b"BM" + bytes(3_000_000))
    paused, longest = asyncio.get_running_loop().time(), 0.0

    async def watch():
        nonlocal paused, longest
        while True:
            await asyncio.sleep(0)
            now = asyncio.get_running_loop().time()
            paused, longest = now, max(longest, now - paused)

    began = asyncio.get_running_loop().time()
    loading.decode(image)
    single = asyncio.get_running_loop().time() - began
    watching = asyncio.ensure_future(watch())
    loader = loading.Loader(Files(), asyncio.Semaphore(1))
    await asyncio.sleep(0)
    await asyncio.gather(*(loader.load(Image("", image)) for _ in range(8)))
    watching.cancel()
    assert longest < 5 * single


async def test_other_processes_make_the_same(converter):
    image = Image("image/png", coded(saved(noise((500, 400)), "BMP")))
    assert await one(converter, image) == await one(MediaConverter(Files()), image)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (coded(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "SVG"),
        (coded(picture("BMP")[:50]), "no whole picture"),
        (coded(b"words"), "no whole picture"),
        ("?", "not base64"),
        ("", "nothing in it"),
    ],
)
async def test_what_is_no_picture_is_refused_by_its_path(converter, data, why):
    await refused(converter, Image("image/png", data, where="messages[0]"), why)


async def test_a_picture_that_takes_too_long(jobs):
    converter = MediaConverter(Files(), seconds=0.05)
    await refused(converter, Image("", coded(saved(noise((2000, 2000)), "BMP")), where="messages[0]"), "longer than 0.05 seconds")
    assert len(jobs) == 1


# ---- URLs


async def test_I03_pictures_at_urls_are_fetched(jobs):
    files = Files(a=(picture("PNG"), "text/html"), b=(picture("BMP"), "image/bmp"))
    media = [Image(url="https://files.test/a", where="one"), Image(url="https://files.test/b", where="two")]
    (made,), (recoded,) = await MediaConverter(files).convert(media, RULES)
    assert made == Image("image/png", coded(picture("PNG")))
    assert (made.where, recoded.where) == ("one", "two")
    assert opened(recoded.data).format == "PNG"
    assert files.asked == [("https://files.test/a", "one"), ("https://files.test/b", "two")]
    assert len(jobs) == 1


def many(count, name="a", start=0):
    return [Image(url=f"https://files.test/{n}/{name}", where=str(n)) for n in range(start, start + count)]


async def test_fetching_is_concurrent_and_bounded():
    files = Files(a=(picture("PNG"), ""))
    converter = MediaConverter(files)
    await converter.convert(many(30), RULES)
    assert (len(files.asked), files.most) == (30, loading.REQUEST_FETCHES)
    await asyncio.gather(*(converter.convert(many(10, start=n * 100), RULES) for n in range(5)))
    assert files.most == loading.MAX_FETCHES


async def test_a_url_is_fetched_once_for_a_request_and_again_for_the_next():
    files = Files(a=(picture("PNG"), ""))
    converter = MediaConverter(files)
    image = Image(url="https://files.test/a")
    media = [replace(image, where=str(n)) for n in range(500)]
    found = await converter.convert(media, RULES)
    assert [parts[0].where for parts in found] == [str(n) for n in range(500)]
    assert files.asked == [("https://files.test/a", "0")]
    files.files["a"] = (picture("GIF"), "")
    assert (await one(converter, image))[0].media_type == "image/gif"
    assert len(files.asked) == 2


async def test_another_attempt_at_the_same_request_fetches_nothing_again(monkeypatch):
    files = Files(a=(picture("PNG"), ""), b=(b"a,b", "text/csv"))
    converter = MediaConverter(files)
    media = [*many(3), Document(url="https://files.test/b")]
    first = await converter.convert(media, replace(RULES, documents=True))
    assert len(files.asked) == 3
    files.files["a"] = (picture("GIF"), "")
    again = await converter.convert(media, RULES)
    assert again[:3] == first[:3]
    assert again[3] == [Text("[file: unnamed]\na,b")]
    assert len(files.asked) == 4
    monkeypatch.setattr(loading, "REQUEST_BYTES", 1)
    assert await converter.convert(media, RULES) == again


async def test_what_was_fetched_is_forgotten_after_a_while_and_above_a_size(monkeypatch):
    size = len(picture("PNG"))
    monkeypatch.setattr(loading, "KEPT_BYTES", 5 * size)
    files = Files(a=(picture("PNG"), ""))
    converter = MediaConverter(files)

    async def asked(media):
        before = len(files.asked)
        await converter.convert(media, RULES)
        return len(files.asked) - before

    first, second, large = many(3), many(2), many(6)
    assert [await asked(media) for media in (first, second, first, second)] == [3, 2, 0, 0]
    assert [await asked(media) for media in (large, large, first)] == [6, 6, 0]
    third = many(1)
    assert [await asked(media) for media in (third, second, third, first)] == [1, 0, 0, 3]
    monkeypatch.setattr(loading, "KEPT_SECONDS", 0.05)
    fourth = many(1)
    assert [await asked(fourth), await asked(fourth)] == [1, 0]
    await asyncio.sleep(0.1)
    assert await asked(fourth) == 1


async def test_a_request_may_name_a_hundred_urls_and_is_refused_before_the_first_is_fetched():
    files = Files(a=(picture("PNG"), ""), b=(b"a,b", "text/csv"))
    converter = MediaConverter(files)
    inner = Image(url=f"data:image/png;base64,{coded(picture('PNG'))}")
    await converter.convert([*many(100), *many(100), inner], RULES)
    assert len(files.asked) == 100
    last = Document(url="https://files.test/b", where="messages[7]")
    with pytest.raises(InvalidRequest, match="100 different URLs") as caught:
        await converter.convert([*many(100), inner, last, *many(1, start=200)], RULES)
    assert caught.value.param == "messages[7]"
    assert len(files.asked) == 100
    assert (await converter.convert([*many(100), last], replace(RULES, documents=True)))[-1] == [last]


@pytest.mark.parametrize("same", [True, False])
async def test_one_request_cannot_fetch_without_end(monkeypatch, same):
    monkeypatch.setattr(loading, "REQUEST_BYTES", 2000)
    files = Files(a=(picture("PNG") + b"\0" * 900, ""))
    with pytest.raises(InvalidRequest, match="too much data"):
        await MediaConverter(files).convert(many(1) * 50 + many(50) if same else many(50), RULES)
    assert len(files.asked) <= 2 + loading.MAX_FETCHES


async def test_equal_pictures_at_one_url_count_each(monkeypatch):
    """Each becomes a picture of the request to the upstream."""
    monkeypatch.setattr(loading, "REQUEST_BYTES", 2000)
    files = Files(a=(picture("PNG") + b"\0" * 900, ""))
    with pytest.raises(InvalidRequest, match="too much data"):
        await MediaConverter(files).convert([Image(url="https://files.test/a") for _ in range(50)], RULES)
    assert len(files.asked) == 1


async def test_the_first_failure_ends_the_other_fetches():
    ended = []

    class Failing(Files):
        async def fetch(self, url, where=""):
            if where == "bad":
                raise InvalidRequest("bad: no", param="bad")
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(url)

    media = [Image(url="https://files.test/a"), Image(url="https://files.test/b", where="bad")]
    with pytest.raises(InvalidRequest, match="bad: no"):
        await MediaConverter(Failing()).convert(media, RULES)
    assert ended == ["https://files.test/a"]


async def test_over_a_real_socket():
    async with Upstream(saying(whole(picture("PNG")))) as upstream:
        converter = MediaConverter(Fetcher(lambda _: True))
        assert await one(converter, Image(url=upstream.url + "/a.png")) == [Image("image/png", coded(picture("PNG")))]
        await refused(MediaConverter(Fetcher()), Image(url=upstream.url, where="messages[0]"), "not a public one")


# ---- files


async def test_I08_text_stands_below_its_name(converter):
    media = [
        Document("text/plain", text="plain", name="a.txt"),
        Document("text/csv", coded(b"a,b"), name="b.csv"),
        Document("application/octet-stream", f"data:;base64,{coded(b'unsaid')}"),
        Document("text/plain", text="", name="empty"),
    ]
    assert await converter.convert(media, RULES) == [
        [Text("[file: a.txt]\nplain")],
        [Text("[file: b.csv]\na,b")],
        [Text("[file: unnamed]\nunsaid")],
        [Text("[file: empty]\n")],
    ]


async def test_I08_a_pdf_becomes_text_and_drawn_pages_in_order(converter, jobs):
    data = coded(pdf(words("first"), DRAWING, words("third")))
    before, drawn, after = await one(converter, Document(PDF, data, name="a.pdf", where="here"))
    assert before == Text("[file: a.pdf]\n[page 1]\nfirst\n[page 2]")
    assert (opened(drawn.data).size, drawn.where) == ((1200, 800), "here")
    assert after == Text("[page 3]\nthird")
    again = await one(converter, Document("", data, name="b.pdf"))
    assert again == [Text("[file: b.pdf]\n[page 1]\nfirst\n[page 2]"), drawn, after]
    assert len(jobs) == 1


async def test_a_pdf_at_a_url_by_what_its_server_says():
    files = Files(a=(pdf(words("first")), PDF), b=(b"a,b", "text/csv"))
    media = [Document(url="https://files.test/a"), Document(url="https://files.test/b", name="b")]
    assert await MediaConverter(files).convert(media, RULES) == [[Text("[file: unnamed]\n[page 1]\nfirst")], [Text("[file: b]\na,b")]]


async def test_a_file_that_is_a_picture_becomes_one(converter):
    assert await one(converter, Document("", coded(picture("PNG")))) == [Image("image/png", coded(picture("PNG")))]
    (made,) = await one(converter, Document("image/bmp", coded(picture("BMP"))))
    assert made.media_type == "image/png"


@pytest.mark.parametrize(
    ("media_type", "data", "why"),
    [
        ("application/msword", b"words", "type application/msword"),
        ("application/octet-stream", b"PK\x03\x04\0", "type application/octet-stream"),
        ("", b"\0", "type unknown"),
        (PDF, b"words", "damaged"),
        (PDF, pdf(*[DRAWING] * 21), "more than 20 pages"),
    ],
)
async def test_I08_what_cannot_be_read_is_refused_by_type_and_path(converter, media_type, data, why):
    await refused(converter, Document(media_type, coded(data), where="messages[0].content[0]"), why)


async def test_a_file_that_is_no_base64(converter):
    await refused(converter, Document(PDF, "???", where="messages[0]"), "not base64")


# ---- the process


def test_the_data_plane_loads_no_library_of_pictures():
    """It would be a lot of memory, and a lot of code that strangers' bytes could reach."""
    program = "import sys, dataplane.clients.media.converter as c; sys.exit(any(n in sys.modules for n in ('PIL', 'pypdfium2')))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
