"""A strict, scriptable Anthropic Messages endpoint on loopback: messages, count_tokens, models.

It refuses what the real API refuses (`validator.py`), signs the thinking it emits and knows its own signatures,
counts prompt caching by exact prefixes, and produces every kind of good and broken answer (`serving/scripts.py`).
It shares no code with the gateway it tests.

    python -m tests.simulators.anthropic --port 0 [--demo]

prints `listening on http://127.0.0.1:PORT` when ready. In a test:

    async with AnthropicSimulator() as sim:
        account = sim.account()                         # account.key, sim.url
        sim.fail(account, status=529, times=2)
        sim.script("stall", {"seconds": 2, "after": 1})
        assert sim.rejections == []

How an answer is chosen, first match wins: a fault queued with `fail`; a script queued with `script`; directives in
the text of the last user turn (`[[sim:NAME {...}]]`, `[[call:TOOL {...}]]`, `[[say:words]]`, see `serving/directives.py`);
a search when the only tool is web search; tool results, which are quoted; a value of the requested JSON schema; else
a few sentences.

Control calls, all JSON under `/_sim/`; the simulator's methods of the same names do the same:

    POST accounts    {"models": [ids]} -> id, vendor, apiKey, baseUrl, models
    POST script      {"script": NAME, "options": {...}, "account": id, "times": n}
    POST fail        {"status": n, "reason": R, "message": M, "times": n, "headers": {...}, "account": id, "on": "chat"|"count"|"models", "delay": s}
    POST revoke      {"account": id}                  its key is unknown from now on
    POST settings    any field of `service.Settings`
    POST reset       forget requests, queues and counters; accounts and the prompt cache stay
    GET  requests    ?account=id&route=chat|count: headers without secrets, body, raw, status, rule, script, finished, aborted
    GET  rejections  the same for refused ones, with `reason` and `answer`
    GET  counters    calls by account and route, rejections by rule, live, aborted
    GET  state       in_flight and aborted, in all and by account
"""

from tests.simulators.anthropic.server import AnthropicSimulator
from tests.simulators.anthropic.service import Settings

__all__ = ["AnthropicSimulator", "Settings"]
