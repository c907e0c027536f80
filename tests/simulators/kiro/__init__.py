"""A strict, scriptable Kiro: social sign-in, OIDC, chat, models, usage, profiles and MCP on one loopback port.

Chat and control calls are served under `/ep1`, `/ep2`, ... as well, for accounts with several endpoints.
It refuses what the real service refuses (`validator.py` holds the rules by their ids) and produces every
kind of good and broken answer (`scripts.py`, `broken.py`). It shares no code with the gateway it tests.

As a process:

    python -m tests.simulators.kiro --port 0 [--profile runtime|legacy] [--demo]

prints `listening on http://127.0.0.1:PORT` when ready. `--demo` paces the answers as a person would see them
and creates one account, whose refresh token is printed first. In a test:

    async with KiroSimulator() as sim:
        account = sim.account()
        sim.fail(account, status=429, times=2, headers={"Retry-After": "3"})
        sim.script("stall", {"seconds": 2, "after": 1})
        ... drive whatever is pointed at sim.url ...
        assert sim.rejections == []

How an answer is chosen, first match wins:

1. a fault queued with `fail` for this account or for all (see `faults.py` for the known statuses and reasons);
2. a script queued with `script`;
3. directives in the text of the current user message:
   `[[sim:NAME]]` or `[[sim:NAME {"option": value}]]` runs a script;
   `[[call:TOOL {"json": "input"}]]` calls a declared tool, several make parallel calls, and `[[call:#0 {}]]`
   names the first declared tool whatever the gateway has renamed it to; text of the answer before the calls
   comes from `[[say:words]]`;
4. tool results in the current message: a text that quotes them;
5. otherwise a few deterministic sentences that echo the end of the user's text.

Options that every script with text understands: `text` (what to say), `words` (say that many words instead),
`piece` (characters an event), `pause` (seconds between events), `reason` (stopReason of the metadata event),
`percent` (contextUsagePercentage), `tokens` (true: metadata carries tokenUsage), `tail` (false: no tail events).
`scripts.SCRIPTS` lists the scripts; each function's docstring tells its own options.

Control calls, all JSON under `/_sim/`; the methods of `KiroSimulator` of the same names do the same:

    POST accounts   {"method": "social"|"builder-id"|"idc"|"api-key", "plan": "pro"|"free"|"enterprise", "token_life": s, "rotates": bool,
                     "models": [ids], "used": n, "limit": n} -> id, refreshToken, accessToken, profileArn, clientId, clientSecret
    POST script     {"script": NAME, "options": {...}, "account": id, "times": n}
    POST fail       {"status": n, "reason": R, "message": M, "times": n, "headers": {...}, "account": id, "on": ROUTE, "delay": s}
                     ROUTE: chat (default), refresh, usage, models, profiles, mcp; "endpoint": "ep1" for that one only
    POST expire     {"account": id, "refresh": bool}   access tokens die; with refresh the refresh token as well
    POST settings   any field of `state.Settings`
    POST approve    {"userCode": c, "denied": bool, "expired": bool}   ends a device sign-in (so does opening its verification page)
    POST reset      forget requests, queues and counters; accounts stay
    GET  requests   ?account=id   chat requests: headers (bearer masked to the account id), body, status, rule, script,
                     bytes_sent, finished, aborted (the client went away before the end)
    GET  counters   refreshes by account and refresh token, calls by account and route, live and aborted streams, rejections by rule
"""

from tests.simulators.kiro.server import KiroSimulator
from tests.simulators.kiro.state import Account, Settings

__all__ = ["Account", "KiroSimulator", "Settings"]
