"""`headgate explain`, against a console that answers as it is told."""

import getpass
import http.server
import io
import json
import sys
import threading
from urllib.parse import unquote

import pytest

from headgate.cli import explain, explanation, main
from headgate.settings import SettingsError

PASSWORD = "p\u00e4ssword"
SCORE = {"health": 1.0, "load": 0.75, "priority": 0.0, "affinity": 0.5, "sum": 2.25}
ROW = {
    "requestId": "req_1",
    "receivedAt": "2026-03-01T00:00:00.250000Z",
    "keyId": "key_1",
    "askedModel": "sonnet",
    "dialect": "anthropic",
    "streamed": True,
    "status": 200,
    "ending": "served",
    "error": None,
    "finishReason": "stop",
    "firstEventMs": 1520,
    "durationMs": 2900,
    "accountId": "acc_2",
    "kind": "kiro",
    "model": "claude-sonnet-4.5",
    "dropped": ["$.metadata"],
    "compression": None,
    "cause": None,
    "summaries": [],
    "usage": {
        "input": 12345,
        "cacheRead": 3,
        "cacheWrite": 2,
        "output": 7,
        "reasoning": 4,
        "credits": 0.5,
        "inputSource": "upstream",
        "outputSource": "estimated",
        "creditsSource": "unknown",
        "searches": 2,
    },
    "cost": 0.00125,
    "attempts": [
        {
            "accountId": "acc_1",
            "startedMs": 1,
            "endedMs": 40,
            "fault": "throttled",
            "status": 429,
            "retryAfter": 8,
            "detail": "slow\x1b[2Jdown",
            "endpoint": "",
            "endpoints": [{"url": "http://a.test", "fault": "unreachable", "retryAfter": None}],
            "learned": {"profile_arn": "arn:x"},
        },
        {
            "accountId": "acc_2",
            "startedMs": 1050,
            "endedMs": 2900,
            "fault": "",
            "status": 200,
            "retryAfter": None,
            "detail": "",
            "endpoint": "http://b.test",
            "endpoints": [],
            "learned": {},
        },
    ],
    "decision": [
        {
            "step": "named",
            "written": "sonnet",
            "model": "claude-sonnet-4.5",
            "kind": "",
            "accountId": "",
            "route": "son",
            "targets": [
                {"kind": "kiro", "model": "claude-sonnet-4.5", "accountIds": []},
                {"kind": "anthropic", "model": "claude-sonnet-4-5", "accountIds": ["acc_1", "acc_9"]},
            ],
        },
        {"step": "claimed", "requests": 1, "tokens": 17676, "credits": 1.3},
        {
            "step": "chose",
            "revision": 3,
            "mode": "smart",
            "seed": 17,
            "wish": {"kind": "kiro", "model": "claude-sonnet-4.5"},
            "accountId": "acc_1",
            "healing": False,
            "probes": [],
            "reason": None,
            "retryAt": None,
            "candidates": [
                {"id": "acc_1", "score": SCORE},
                {"id": "acc_2", "exclusion": {"rule": "concurrency-full", "value": "3 of 3", "until": None}},
                {"id": "acc_3", "score": SCORE | {"affinity": 0.0, "sum": 1.75}},
            ],
        },
        {
            "step": "chose",
            "revision": 3,
            "mode": "smart",
            "seed": 18,
            "wish": {"kind": "", "model": "claude-sonnet-4.5"},
            "accountId": None,
            "healing": False,
            "probes": [],
            "reason": "busy",
            "retryAt": "2026-03-01T00:00:30Z",
            "candidates": [{"id": "acc_1", "exclusion": {"rule": "cooling", "value": "throttled", "until": "2026-03-01T00:00:30Z"}}],
        },
        {"step": "waited", "seconds": 1.0, "behind": 2},
        {"step": "full", "accountId": "acc_3", "inFlight": 5},
        {"step": "renewed", "accountId": "acc_2", "seconds": 0.25, "ok": True},
        {
            "step": "denied",
            "payerId": "key_1",
            "unit": "tokens",
            "period": "day",
            "limit": 1_000_000,
            "left": 5,
            "retryAt": "2026-03-02T00:00:00Z",
        },
        {"step": "denied", "payerId": "key_1", "unit": None, "period": None, "limit": 3, "left": 0, "retryAt": None},
        {"step": "refused", "reason": "quota_exhausted", "message": "the key may spend no more"},
        {"step": "dreamt", "of": "sheep"},
        {"step": "spared", "accountId": "acc_1"},
    ],
    "reproduced": [{"same": True, "recorded": "acc_1", "recomputed": "acc_1"}, {"same": False, "recorded": "busy", "recomputed": "acc_1"}],
    "waterfall": [{"name": "wait", "startMs": 50, "endMs": 1050}, {"name": "end", "startMs": 2900, "endMs": 2900}],
}
KEY = {"id": "key_1", "name": "team", "limits": {"requests": {"minute": 60}, "credits": {"total": 1000000.5}, "concurrency": 5}}
ACCOUNTS = {"accounts": [{"id": "acc_1", "label": "mine"}, {"id": "acc_2", "label": "yours"}]}


class Console(http.server.ThreadingHTTPServer):
    """`answers` by path: (status, body); a body that is no text is sent as JSON."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.answers = {"/api/requests/req_1": (200, ROW), "/api/keys/key_1": (200, KEY), "/api/accounts": (200, ACCOUNTS)}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        self.server.asked.append(unquote(path))
        status, body = self.server.answers.get(path, (404, {"error": {"code": "not_found", "message": "there is none", "field": None}}))
        if self.headers["authorization"].encode("latin-1").decode() != f"Bearer {PASSWORD}":
            status, body = 401, {"error": {"code": "unauthenticated", "message": "the password is wrong", "field": None}}
        self.send_response(status)
        if status == 302:
            self.send_header("location", body)
        self.end_headers()
        self.wfile.write((body if isinstance(body, str) else json.dumps(body)).encode())

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def console():
    with Console() as made:
        serving = threading.Thread(target=made.serve_forever, args=(0.01,))
        serving.start()
        yield made
        made.shutdown()
        serving.join()


def run(console, request_id="req_1", *, password=PASSWORD, url=None, file=None, raw=False):
    environ = {"HEADGATE_CONSOLE_URL": console.url, "ADMIN_PASSWORD": password}
    return explain.run(request_id, environ, url, file, raw=raw)


def test_a_request_is_explained(console, capsys):
    assert run(console) == 0
    said = capsys.readouterr().out
    for line in (
        "Request req_1, 2026-03-01T00:00:00.250000Z",
        "  asked for   sonnet, anthropic, streamed",
        "  key         team (key_1)",
        "  limits      60 requests a minute, 1,000,000.5 credits in all, 5 at a time",
        "  answered    200 served stop, first event after 1.52 s, over after 2.9 s",
        "  account     yours, kiro/claude-sonnet-4.5",
        "  left out    $.metadata",
        "  1. The name sonnet means kiro/claude-sonnet-4.5, by the route son",
        "     else anthropic/claude-sonnet-4-5 at mine or acc_9",
        "  2. To be reserved: 1 request, 17,676 tokens, 1.3 credits",
        "  3. Chose mine for kiro/claude-sonnet-4.5 (smart, of 3, seed 17, rules 3)",
        "        account  health  load   affinity  sum",
        "     >  mine     1.000   0.750  0.500     2.250",
        "        acc_3    1.000   0.750  0.000     1.750",
        "       yours is out: concurrency-full (3 of 3)",
        "  4. Nobody could serve claude-sonnet-4.5: busy, until 2026-03-01T00:00:30Z (smart, of 1, seed 18, rules 3)",
        "       mine is out: cooling (throttled), until 2026-03-01T00:00:30Z",
        "  5. Waited 1 s in line, behind 2",
        "  6. acc_3 was taken meanwhile, 5 under way there",
        "  7. The token of yours was renewed, 0.25 s",
        "  8. Denied by the limit of tokens a day of key_1: 5 of 1,000,000 left; may pass at 2026-03-02T00:00:00Z",
        "  9. Denied by the limit of requests at a time of key_1: 0 of 3 left",
        " 10. Refused (quota_exhausted): the key may spend no more",
        " 11. dreamt of=sheep",
        " 12. mine was spared: a later target could serve without it",
        "     By the rules of today a choice comes out differently: acc_1, not busy.",
        "  1. mine, 1 to 40 ms: throttled 429, retry after 8 s: slow?[2Jdown",
        "     http://a.test did not: unreachable",
        "     learned profile_arn: arn:x",
        "  2. yours, 1050 to 2900 ms: served 200",
        "     http://b.test answered",
        "  input       12,345 tokens, 3 read from cache, 2 written to it (upstream)",
        "  output      7 tokens, 4 of them reasoning (estimated)",
        "  credits     0.5 (unknown)",
        "  cost        $0.00125",
        "  wait  50 - 1050",
        "  end   2900",
    ):
        assert line in said.splitlines(), (line, said)
    assert said.isascii()


def test_a_refused_request_of_the_proxy_key_is_explained(console, capsys):
    bare = {"accountId": None, "kind": None, "model": None, "firstEventMs": None, "finishReason": None, "keyId": "proxy", "dropped": []}
    row = (
        ROW
        | bare
        | {"status": 429, "ending": "failed", "error": "rate_limited", "attempts": [], "decision": [], "reproduced": [], "waterfall": []}
    )
    console.answers["/api/requests/req_1"] = (200, row)
    assert run(console) == 0
    said = capsys.readouterr().out
    assert "  key         proxy\n  limits      none\n  answered    429 failed rate_limited, over after 2.9 s\n" in said
    assert "How it was admitted is not recorded." in said
    assert "Attempts" not in said


@pytest.mark.parametrize(
    ("compression", "line"),
    [
        (
            ("incremental", 120, 80_000, 3000),
            "shortened   120 turns by a summary, partly made for this request: 80,000 tokens less, for 3,000 tokens spent",
        ),
        (("memory", 40, 9000, 0), "shortened   40 turns by a summary, remembered: 9,000 tokens less"),
        (("dreamt\x1b", 40, 9000, 0), "shortened   40 turns by a summary, dreamt?: 9,000 tokens less"),
        (("late", 0, 0, 700), "as it came  though it is long: there was not enough time for a summary, for 700 tokens spent"),
        (("budget", 0, 0, 0), "as it came  though it is long: the key has spent on summaries what it may in a day"),
        (("asleep", 0, 0, 0), "as it came  though it is long: asleep"),
    ],
)
def test_what_became_of_a_long_conversation(console, capsys, compression, line):
    made = dict(zip(("how", "replacedTurns", "savedTokens", "spentTokens"), compression, strict=True))
    summaries = [
        {"requestId": "req_8", "ending": "served", "tokens": 2500, "cost": 0.0025},
        {"requestId": "req_9", "ending": "failed", "tokens": 500, "cost": 0.0},
    ]
    console.answers["/api/requests/req_1"] = (200, ROW | {"compression": made, "summaries": summaries})
    assert run(console) == 0
    said = capsys.readouterr().out.splitlines()
    place = said.index(f"  {line}")
    assert said[place + 1] == "  summaries   3,000 tokens, $0.0025: req_8 (served), req_9 (failed)"


def test_a_summary_says_for_which_request_it_was_made(console, capsys):
    decision = [step | {"requests": 0} if step["step"] == "claimed" else step for step in ROW["decision"]]
    console.answers["/api/requests/req_1"] = (200, ROW | {"cause": "req_0", "decision": decision})
    assert run(console) == 0
    said = capsys.readouterr().out
    assert "  asked by    the gateway itself: a summary for req_0; it counts as no request\n" in said
    assert "To be reserved: 17,676 tokens, 1.3 credits\n" in said
    assert not any(word in said for word in ("shortened", "as it came", "summaries"))


@pytest.mark.parametrize(
    ("ending", "status", "became"),
    [
        ("failed", 0, "nothing was sent"),
        ("cancelled", 0, "no answer had come"),
        ("failed", 200, "answered 200"),
        ("cancelled", 200, "answered 200"),
        ("served", 200, "served 200"),
    ],
)
def test_an_attempt_without_a_fault_is_told_as_what_it_was(console, capsys, ending, status, became):
    """A strict key's request is refused before anything is sent, or once the answer is opened."""
    attempt = ROW["attempts"][1] | {"status": status, "endpoint": "", "detail": ""}
    console.answers["/api/requests/req_1"] = (200, ROW | {"ending": ending, "attempts": [attempt]})
    assert run(console) == 0
    assert f"  1. yours, 1050 to 2900 ms: {became}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "account_id", "only"), [("", "", ""), ("kiro", "", ", served by kiro only"), ("kiro", "acc_2", ", served by yours only")]
)
def test_a_name_as_the_previous_release_recorded_it(console, capsys, kind, account_id, only):
    named = {
        "step": "named",
        "written": "s",
        "model": "claude-sonnet-4.5",
        "kind": kind,
        "accountId": account_id,
        "route": "",
        "targets": [],
    }
    console.answers["/api/requests/req_1"] = (200, ROW | {"decision": [named], "reproduced": []})
    assert run(console) == 0
    assert f"  1. The name s means claude-sonnet-4.5{only}\n" in capsys.readouterr().out


def test_choices_that_come_out_the_same(console, capsys):
    console.answers["/api/requests/req_1"] = (200, ROW | {"reproduced": ROW["reproduced"][:1]})
    assert run(console) == 0
    assert "     From the record alone the choice comes out the same.\n" in capsys.readouterr().out


def test_the_raw_answer(console, capsys):
    assert run(console, raw=True) == 0
    assert json.loads(capsys.readouterr().out) == ROW
    assert console.asked == ["/api/requests/req_1"]


def test_a_request_that_is_not_known(console, capsys):
    assert run(console, "req_/../?x") == explain.UNKNOWN == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "headgate: there is no request 'req_/../?x'\n")
    assert console.asked == ["/api/requests/req_/../?x"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            (503, {"error": {"code": "unavailable", "message": "the database does not answer", "field": None}}),
            "answers 503: the database does not answer",
        ),
        ((404, "<html>not here</html>"), "answers 404: nothing that says why"),
        ((500, "[]"), "answers 500: nothing that says why"),
        ((302, "http://127.0.0.1:1/elsewhere"), "answers 302"),
        ((200, "<html>hello</html>"), "no request of this release"),
        ((200, {"requestId": "req_1"}), "no request of this release"),
    ],
)
def test_a_console_that_cannot_say(console, capsys, answer, words):
    console.answers["/api/requests/req_1"] = answer
    assert run(console) == explain.UNASKED == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err


def test_nobody_there(console, capsys, free_port):
    assert run(console, url=f"http://127.0.0.1:{free_port}/") == 2
    assert f"does not answer at http://127.0.0.1:{free_port} (" in capsys.readouterr().err


def test_no_proxy_of_the_environment_is_asked(console, monkeypatch, free_port):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port}")
    assert run(console, raw=True) == 0


@pytest.mark.parametrize("url", ["file:///etc/passwd", "127.0.0.1:8001", ""])
def test_addresses_that_are_none(console, url):
    if not url:
        assert run(console, url=url, raw=True) == 0
        return
    with pytest.raises(SettingsError, match="--url"):
        run(console, url=url)


# ---- the password


def test_a_wrong_password(console, capsys):
    assert run(console, password="hush-hush") == 2
    said = capsys.readouterr().err
    assert "answers 401: the password is wrong" in said
    assert "hush" not in said


def test_the_passwords_file_comes_before_the_environment(console, tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n", "utf-8")
    assert run(console, password="other", file=str(file), raw=True) == 0
    with pytest.raises(SettingsError, match="--password-file"):
        run(console, file=str(tmp_path / "none"))


def test_a_password_that_no_header_can_carry(console, capsys):
    assert run(console, password="hush\r\nx: y") == 2
    assert "hush" not in capsys.readouterr().err
    assert console.asked == []


def test_who_sits_at_the_terminal_is_asked(console, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: PASSWORD)
    assert run(console, password="", raw=True) == 0


def test_without_a_terminal_nobody_is_asked(console, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run(console, password="") == 2
    assert "ADMIN_PASSWORD" in capsys.readouterr().err


# ---- as it is typed


def test_as_a_command(console, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADMIN_PASSWORD", raising=False)
    (tmp_path / ".env").write_text(f"ADMIN_PASSWORD={PASSWORD}\n", "utf-8")
    assert main(["explain", "req_1", "--json", "--url", console.url]) == 0
    assert json.loads(capsys.readouterr().out) == ROW
    assert main(["explain", "req_2", "--url", console.url]) == 1
    assert main(["explain", "req_1", "--url", "nonsense"]) == 2


@pytest.mark.parametrize(
    ("value", "said"), [(0, "0"), (1.5, "1.5"), (1234567, "1,234,567"), (0.000001, "0.000001"), (10**11, "100,000,000,000")]
)
def test_figures(value, said):
    assert explanation.figure(value) == said
