"""A strict, scriptable kimi-ai.chat: the page that shows the nonce and the address that messages are posted to.

It refuses what the site refuses or cannot make sense of, and produces every kind of good and broken answer. It
shares no code with the gateway it tests.

As a process:

    python -m tests.simulators.kimi_web --port 0

prints `listening on http://127.0.0.1:PORT` when ready. In a test:

    async with KimiSimulator() as sim:
        sim.configure(page="escaped")
        sim.fail(status=429, headers={"Retry-After": "3"})
        sim.script("stall", {"seconds": 2})
        ... drive whatever is pointed at sim.url ...
        assert sim.rejections == []

How an answer is chosen, first match wins:

1. a fault queued with `fail` (see `faults.py` for the known statuses);
2. a script queued with `script`;
3. directives in the last turn of the message: `[[sim:NAME {"option": value}]]` runs a script, `[[say:words]]` is
   the text of the answer;
4. with the setting `echo`, the message itself, all of it;
5. otherwise a sentence that repeats the end of the last turn.

`scripts.SCRIPTS` lists the scripts; each function's docstring tells its options.

Control calls, all JSON under `/_sim/`; the methods of `KimiSimulator` of the same names do the same:

    POST script     {"script": NAME, "options": {...}, "times": n}
    POST fail       {"status": n, "body": text, "times": n, "headers": {...}, "on": "chat"|"page", "delay": s}
    POST rotate     {"expire": bool}    a new nonce; the ones before die unless `expire` is false
    POST settings   any field of `state.Settings`
    POST reset      forget requests, queues and counters; nonces and settings stay
    GET  requests   posts: headers, fields (the nonce as "good", "dead" or "unknown"), status, rule, script, bytes_sent,
                     finished, aborted (the client went away before the end)
    GET  counters   visits of the page, posts, rejections by rule, live and aborted answers
"""

from tests.simulators.kimi_web.server import KimiSimulator
from tests.simulators.kimi_web.state import Settings

__all__ = ["KimiSimulator", "Settings"]
