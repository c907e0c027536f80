"""Clients that shorten their conversations by themselves, told by their headers. They know more of what matters than the
gateway does, and keep count of what they have sent: theirs are shortened only where they cannot fit.
"""

from collections.abc import Mapping

# By header, in lower case: what its value begins with; "" is any value.
CLIENTS: Mapping[bytes, tuple[bytes, ...]] = {
    b"user-agent": (
        # Claude Code: captured requests, `claude-cli/2.1.220 (external, cli)`; its agent SDK runs the same program and adds
        # `agent-sdk/` in the brackets. Qwen Code (its Anthropic provider) and pi (its Anthropic provider) borrow the name,
        # and both compact. The Anthropic SDKs by themselves say `Anthropic/`.
        b"claude-cli/",
        # Claude Code's own side requests, captured.
        b"claude-code/",
        # Codex: originator + "/" + version, login/src/auth/default_client.rs. Originators are codex_cli_rs, codex_exec,
        # codex_vscode, codex_app, codex_atlas, codex_chatgpt_desktop, codex_sdk_ts, codex-tui and "Codex Desktop".
        b"codex_",
        b"codex-tui/",
        b"codex desktop/",
        # opencode: packages/opencode/src/session/llm.ts, for each provider; the second generation names itself opencode2.
        b"opencode/",
        b"opencode2/",
        # Cline: src/services/EnvUtils.ts, buildExternalBasicHeaders; compacting: its page "Auto Compact".
        b"cline/",
        # Roo Code: src/api/providers/constants.ts; the second form is its Responses provider's.
        b"roocode/",
        b"roo-code/",
        # Kilo Code: src/api/providers/constants.ts; the second form is its newer Anthropic provider's.
        b"kilo-code/",
        b"kilo/",
        # Gemini CLI: packages/core/src/core/contentGenerator.ts, also as `GeminiCLI-acp-zed/` and the like; it compresses
        # in chatCompressionService.ts.
        b"geminicli/",
        b"geminicli-",
        # Qwen Code: packages/core/src/core/openaiContentGenerator/provider/default.ts; compresses as Gemini CLI does.
        b"qwencode/",
        # Crush: internal/agent/agent.go, with the thresholds of its summaries beside it.
        b"charm-crush/",
        # pi: `pi/0.74.0 (linux; x64)`, `pi (browser)`, `pi-coding-agent`; its compaction.md: at the window less 16 384 tokens.
        b"pi/",
        b"pi (",
        b"pi-coding-agent",
        # goose, as others' request logs have it; most of its versions send no user agent (client notes, section 1).
        b"goose/",
    ),
    # Codex sends what its user agent begins with; clients that wrap an SDK keep the SDK's user agent, but send this.
    b"originator": (b"codex_", b"codex-tui", b"codex desktop", b"opencode", b"roo-code"),
    # OpenRouter's name for an application, which these send to other endpoints too: the same files as above;
    # goose: crates/goose/src/providers/openrouter.rs.
    b"x-title": (b"cline", b"roo code", b"kilo code", b"opencode", b"goose", b"crush", b"qwen code"),
    # The same files, from their oldest forms on.
    b"http-referer": (
        b"https://cline.bot",
        b"https://github.com/roovetgit/roo-cline",
        b"https://kilocode.ai",
        b"https://opencode.ai",
        b"https://goose-docs.ai",
        b"https://block.github.io/goose",
        b"https://github.com/block/goose",
        b"https://charm.land",
    ),
    # goose sends no user agent, but the session of each request: crates/goose/src/session_context.rs; compacting: its page
    # "Smart Context Management".
    b"agent-session-id": (b"",),
    # Claude Code's session, whatever it is wrapped in (client notes, section 1).
    b"x-claude-code-session-id": (b"",),
}
# Not here, for nothing in their requests tells them apart: aider (litellm's user agent), Cursor (its own servers call),
# Continue, whose requests are those of the SDKs.


def compacts(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a client with these headers, named in lower case, shortens what it sends by itself."""
    return any(name in headers and headers[name].strip().lower().startswith(begins) for name, begins in CLIENTS.items())
