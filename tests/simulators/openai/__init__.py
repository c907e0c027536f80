"""A strict, scriptable endpoint for OpenAI chat completions, in the ways of five vendors, on one loopback port.

Each vendor is under a path of its own, and the one of `--vendor` under `/v1` as well:

    http://127.0.0.1:PORT/v1            the vendor of --vendor (openai)
    http://127.0.0.1:PORT/kimi/v1       and so for openai, deepseek, vllm, ollama

It refuses what the vendor refuses (`validator.py`) and produces every kind of good and broken answer
(`serving/scripts.py`). It shares no code with the gateway it tests.

    python -m tests.simulators.openai --port 0 [--vendor kimi] [--demo]

prints `listening on http://127.0.0.1:PORT` when ready. In a test:

    async with OpenAISimulator() as sim:
        account = sim.account(vendor="kimi")            # account.key, sim.base_url(account)
        sim.fail(account, status=429, times=2, headers={"Retry-After": "3"})
        sim.script("stall", {"seconds": 2, "after": 1})
        assert sim.rejections == []

How an answer is chosen, first match wins: a fault queued with `fail`; a script queued with `script`; directives in
what the user wrote after the last assistant turn (`[[sim:NAME {...}]]`, `[[call:TOOL {...}]]`, `[[say:words]]`, see
`serving/directives.py`); tool results, which are quoted; a value of the requested JSON schema; else a few sentences.

Control calls, all JSON under `/_sim/`; the simulator's methods of the same names do the same:

    POST accounts    {"vendor": "kimi", "models": [ids]} -> id, vendor, apiKey, baseUrl, models
    POST script      {"script": NAME, "options": {...}, "account": id, "times": n}
    POST fail        {"status": n, "reason": R, "message": M, "times": n, "headers": {...}, "account": id, "on": "chat"|"models", "delay": s}
    POST revoke      {"account": id}                  its key is unknown from now on
    POST settings    any field of `service.Settings`
    POST reset       forget requests, queues and counters; accounts stay
    GET  requests    ?account=id&route=chat: headers without secrets, body, raw, status, rule, script, finished, aborted
    GET  rejections  the same for refused ones, with `reason` and `answer`
    GET  counters    calls by account and route, rejections by rule, live, aborted
    GET  state       in_flight and aborted, in all and by account
"""

from tests.simulators.openai.server import OpenAISimulator
from tests.simulators.openai.service import Settings

__all__ = ["OpenAISimulator", "Settings"]
