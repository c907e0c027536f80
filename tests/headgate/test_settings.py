"""Settings: what counts, what is told, and that everything wrong is told at once."""

from dataclasses import dataclass

import pytest

from headgate import options
from headgate import settings as s
from headgate.settings import Option, SettingsError, environment, load, setting

SIZE = Option("SIZE", s.integer(1, 9), "3", "a size")
COLOUR = Option("COLOUR", s.choice("Red", "Green"), None, "a colour", aliases=("COLOR", "TINT"))
WORD = Option("WORD", s.integer(0, 1), None, "a word", secret=True)


@dataclass(frozen=True)
class Model:
    size: int = setting(SIZE)
    colour: str | None = setting(COLOUR)
    word: int | None = setting(WORD)


def test_defaults_and_values():
    assert load(Model, {}) == Model(size=3, colour=None, word=None)
    assert load(Model, {"SIZE": "5", "COLOUR": "green", "WORD": "1"}) == Model(size=5, colour="Green", word=1)


def test_all_mistakes_are_told_together_and_no_secret_with_them():
    with pytest.raises(SettingsError) as caught:
        load(Model, {"SIZE": "ten", "COLOUR": "blue", "WORD": "hush"})
    assert caught.value.mistakes == [
        "SIZE: 'ten' is not a whole number",
        "COLOUR: 'blue' is not one of Red, Green",
        "WORD: its value is not a whole number",
    ]
    assert str(caught.value).splitlines()[0] == "settings are wrong:"
    assert "hush" not in str(caught.value)


def test_the_name_counts_before_its_aliases_and_empty_is_unset():
    assert COLOUR.text({"COLOUR": "a", "COLOR": "b"}) == "a"
    assert COLOUR.text({"COLOUR": "", "COLOR": "", "TINT": "c"}) == "c"
    assert SIZE.text({"SIZE": ""}) == "3"
    assert COLOUR.text({"COLOUR": ""}) is None


def test_the_environment_counts_before_the_file(tmp_path):
    (tmp_path / ".env").write_text('# comment\nSIZE=4\nexport COLOUR="red"\nEMPTY\n')
    assert environment({"SIZE": "5", "PATH": "/bin"}, tmp_path) == {"SIZE": "5", "COLOUR": "red", "PATH": "/bin"}


def test_there_need_be_no_file(tmp_path):
    assert environment({"SIZE": "5"}, tmp_path) == {"SIZE": "5"}


def test_an_unreadable_file_is_a_mistake(tmp_path):
    (tmp_path / ".env").write_bytes(b"WORD=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env: cannot be read"):
        environment({}, tmp_path)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (s.integer(1, 9), "9", 9),
        (s.seconds(0.05, 10), "0.5", 0.5),
        (s.switch, "On", True),
        (s.switch, "0", False),
        (s.listing, " a, b ,,c", ("a", "b", "c")),
        (s.networks, "10.0.0.1/8, ::1", ("10.0.0.1/8", "::1")),
        (s.address, "[::1]:50051", "[::1]:50051"),
        (s.addresses, "a:1, b:2", ("a:1", "b:2")),
        (s.url, "https://a.test/x/", "https://a.test/x"),
        (s.url, "https://runtime.{region}.test:8443/{region}", "https://runtime.{region}.test:8443/{region}"),
        (s.url, "http://[::1]:80", "http://[::1]:80"),
        (s.database, "sqlite+aiosqlite:///data/x.db", "sqlite+aiosqlite:///data/x.db"),
        (s.database, "sqlite:////var/lib/x.db", "sqlite+aiosqlite:////var/lib/x.db"),
        (s.database, "postgresql://u:p@ss#w:rd@[::1]:5432/x?ssl=disable", "postgresql+asyncpg://u:p@ss#w:rd@[::1]:5432/x?ssl=disable"),
        (s.database, "postgresql+asyncpg://db.test/x", "postgresql+asyncpg://db.test/x"),
        (s.database, "postgresql+asyncpg:///x?host=/run/postgresql", "postgresql+asyncpg:///x?host=/run/postgresql"),
        (s.urls, "http://a.test,http://b.test/", ("http://a.test", "http://b.test")),
    ],
)
def test_what_is_understood(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "phrase"),
    [
        (s.integer(1, 9), "10", "is not between 1 and 9"),
        (s.integer(1, 9), "1.5", "is not a whole number"),
        (s.seconds(0.05, 10), "soon", "is not a number of seconds"),
        (s.seconds(0.05, 10), "nan", "is not between"),
        (s.switch, "maybe", "is not true or false"),
        (s.networks, "10.0.0.1, office", "holds 'office', which is no address and no network"),
        (s.address, "127.0.0.1", "is not host:port"),
        (s.address, ":80", "is not host:port"),
        (s.address, "a:²", "is not host:port"),
        (s.address, "a:65536", "is not host:port"),
        (s.address, "a:0", "is not host:port"),
        (s.address, "http://a:1", "is not host:port"),
        (s.address, "a/b:1", "is not host:port"),
        (s.address, "a b:1", "is not host:port"),
        (s.address, "::1:50051", "is not host:port"),
        (s.addresses, " , ", "names no address"),
        (s.url, "ftp://a.test", "does not start with http:// or https://"),
        (s.url, "https://", "names no host"),
        (s.url, "https://:80", "names no host"),
        (s.url, "http://a b:99999", "is not a web address"),
        (s.url, "http://a b", "is not a web address"),
        (s.url, "http://a:99999", "is not a web address"),
        (s.url, "http://a:0", "is not a web address"),
        (s.url, "http://a:x", "is not a web address"),
        (s.url, "http://[::1", "is not a web address"),
        (s.url, "https://{zone}.a.test", "is not a web address"),
        (s.database, "mysql://x/y", "does not begin with sqlite"),
        (s.database, "data/x.db", "does not begin with sqlite"),
        (s.database, "sqlite+aiosqlite://", "names no database"),
        (s.database, "sqlite+aiosqlite:///", "names no database"),
        (s.database, "sqlite+aiosqlite://data/x.db", "names a host; a file follows three slashes"),
        (s.database, "postgresql+asyncpg://u:p@a:5432", "names no database"),
        (s.database, "postgresql+asyncpg://u:p@a:x/y", "does not name its host as host or host:port"),
        (s.database, "postgresql+asyncpg://u:p@a:99999/y", "does not name its host as host or host:port"),
        (s.urls, ",", "names no address"),
    ],
)
def test_what_is_refused_with_which_words(parse, text, phrase):
    with pytest.raises(ValueError, match=phrase.replace("(", r"\(")):
        parse(text)


# ---- the project's own table


def test_every_default_is_valid():
    assert options.check({}) == []


def test_check_tells_every_service_s_mistakes_at_once():
    mistakes = options.check({"PORT": "0", "HEADGATE_CONTROL_ADDR": "nowhere", "HEADGATE_KIRO_API_URL": "kiro", "HEADGATE_PORT": "1"})
    assert mistakes == [
        "PORT: '0' is not between 1 and 65535",
        "HEADGATE_CONTROL_ADDR: 'nowhere' is not host:port",
        "HEADGATE_KIRO_API_URL: 'kiro' does not start with http:// or https://",
        "HEADGATE_PORT: no such setting; did you mean PORT?",
    ]


@pytest.mark.parametrize(
    ("option", "low", "high", "default"),
    [
        (options.COMPRESSION_TOKENS, 10_000, 1_000_000, None),
        (options.COMPRESSION_MESSAGES, 20, 2000, 200),
        (options.COMPRESSION_KEEP, 4, 100, 30),
    ],
)
def test_how_conversations_are_shortened(option, low, high, default):
    assert s.read(option, {}) == (default, [])
    for number in (low, high):
        assert s.read(option, {option.name: str(number)}) == (number, [])
    for number in (low - 1, high + 1):
        assert s.read(option, {option.name: str(number)}) == (None, [f"{option.name}: '{number}' is not between {low} and {high}"])


def test_fewer_messages_are_kept_than_make_a_conversation_long():
    keep, messages = options.COMPRESSION_KEEP.name, options.COMPRESSION_MESSAGES.name
    assert options.check({keep: "30", messages: "31"}) == []
    assert options.check({keep: "30", messages: "30"}) == [f"{keep}: must be less than {messages}"]
    assert options.check({messages: "20"}) == [f"{keep}: must be less than {messages}"]
    assert len(options.check({keep: "many", messages: "20"})) == 1


def test_a_host_profile_that_there_is_not_is_told():
    assert options.check({"HEADGATE_KIRO_PROFILE": "legacy"}) == []
    assert options.check({"HEADGATE_KIRO_PROFILE": "newest"}) == ["HEADGATE_KIRO_PROFILE: 'newest' is not one of runtime, legacy"]


def test_a_wrong_database_address_is_told_without_its_password():
    [mistake] = options.check({"HEADGATE_DATABASE_URL": "postgresql+asyncpg://u:hush@a:x/y"})
    assert mistake == "HEADGATE_DATABASE_URL: its value does not name its host as host or host:port"


def test_an_unknown_name_of_ours_is_told_with_the_nearest():
    assert options.check({"HEADGATE_DATADIR": "x"}) == ["HEADGATE_DATADIR: no such setting; did you mean HEADGATE_DATA_DIR?"]
    assert options.check({"HEADGATE_PROT": "x"}) == ["HEADGATE_PROT: no such setting; did you mean PORT?"]
    assert options.check({"HEADGATE_9": "x"}) == ["HEADGATE_9: no such setting"]


def test_what_is_not_ours_is_not_judged():
    assert options.check({"PATH": "/bin", "HEADGATE_TEST_DATABASE_URL": "x", "KUBERNETES_PORT": "tcp"}) == []


@pytest.mark.parametrize("name", ["PROXY_API_KEY", "API_MASTER_KEY", "ADMIN_PASSWORD"])
def test_well_known_secrets_stay_on_loopback(name):
    for word in options.WELL_KNOWN:
        assert options.check({name: word}) == []
        [mistake] = options.check({name: word, "HEADGATE_HOST": "0.0.0.0"})
        assert "a well-known value must not be used with HEADGATE_HOST=0.0.0.0" in mistake
    assert options.check({name: "n3w-and-long-enough", "HEADGATE_HOST": "0.0.0.0"}) == []


@pytest.mark.parametrize(
    ("host", "answer"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("box.lan", False)],
)
def test_loopback(host, answer):
    assert options.loopback(host) is answer


def test_where_grpc_listens():
    assert options.listen("10.0.0.7:50051", None, "0.0.0.0") == "0.0.0.0:50051"
    assert options.listen("[fd00::7]:50051", None, "::1") == "[::1]:50051"
    assert options.listen("10.0.0.7:50051", "127.0.0.1:6000", "0.0.0.0") == "127.0.0.1:6000"


def test_a_reachable_grpc_listener_needs_a_secret():
    assert options.unguarded("127.0.0.1:50051", None) == []
    assert options.unguarded("[::1]:50051", None) == []
    assert options.unguarded("0.0.0.0:50051", "word") == []
    [mistake] = options.unguarded("0.0.0.0:50051", None)
    assert mistake.startswith("HEADGATE_RPC_TOKEN: must be set")


@pytest.mark.parametrize("value", ["redis://127.0.0.1", "redis://127.0.0.1:6379/1", "rediss://user:word@[::1]:6380/0"])
def test_a_redis_address(value):
    assert options.REDIS_URL.parse(value) == value


@pytest.mark.parametrize("value", ["127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://host:0", "redis://host/first"])
def test_what_is_no_redis_address_is_refused_without_its_parts(value):
    [mistake] = options.check({"HEADGATE_REDIS_URL": value})
    assert mistake.startswith("HEADGATE_REDIS_URL")
    assert repr(value) not in mistake


@pytest.mark.parametrize(
    "value", ["1", "hgi-short", "with a space in it, and long", "schlüssel-der-lang-genug-ist", "line\nand another line"]
)
def test_a_secret_between_services_fits_into_a_header_and_cannot_be_guessed(value):
    with pytest.raises(ValueError, match="16 characters or more"):
        s.credential(value)
    (mistake,) = options.check({"HEADGATE_INTERNAL_KEY": value})
    assert repr(value) not in mistake
    assert s.credential("hgi-0123456789ab") == "hgi-0123456789ab"
