"""Clients as they name themselves: those that shorten their conversations, and all others."""

import pytest

from dataplane.compacting import CLIENTS, compacts


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user-agent", "claude-cli/2.1.328 (external, cli)"),
        ("user-agent", "claude-cli/2.1.172 (external, sdk-py, agent-sdk/0.1.20)"),
        ("user-agent", "claude-code/2.1.172"),
        ("user-agent", "codex_cli_rs/0.169.0 (Ubuntu 24.4.0; x86_64) xterm-256color"),
        ("user-agent", "codex_exec/0.169.0 (Mac OS 26.3.1; arm64) unknown (codex_exec; 0.169.0)"),
        ("user-agent", "codex-tui/0.135.0 (Mac OS 26.3.1; arm64) iTerm.app/3.6.9 (codex-tui; 0.135.0)"),
        ("user-agent", "codex_vscode/0.146.0"),
        ("user-agent", "Codex Desktop/0.150.0"),
        ("user-agent", "opencode/1.18.33 ai-sdk/provider-utils/3.0.20 runtime/bun/1.3.0"),
        ("user-agent", "opencode2/0.3.0"),
        ("user-agent", "Cline/3.0.65"),
        ("user-agent", "RooCode/3.54.0"),
        ("user-agent", "roo-code/3.54.0 (darwin 25.0.0; arm64) node/22.0.0"),
        ("user-agent", "Kilo-Code/7.8.3 ai-sdk/provider-utils/3.0.0"),
        ("user-agent", "kilo/latest/7.8.3/cli"),
        ("user-agent", "GeminiCLI/0.34.0/gemini-pro (linux; x64)"),
        ("user-agent", "GeminiCLI-acp-zed/0.62.0/gemini-pro (darwin; arm64; acp)"),
        ("user-agent", "QwenCode/0.24.4 (linux; x64)"),
        ("user-agent", "Charm-Crush/v0.97.1 (https://charm.land/crush)"),
        ("user-agent", "pi/0.73.1 (linux; x64)"),
        ("user-agent", "pi (browser)"),
        ("user-agent", "  OPENCODE/1.0.0"),
        ("originator", "codex_cli_rs"),
        ("originator", "Codex Desktop"),
        ("x-title", "Roo Code"),
        ("x-title", "Cline"),
        ("x-title", "goose"),
        ("http-referer", "https://kilocode.ai"),
        ("http-referer", "https://cline.bot/"),
        ("agent-session-id", "20261120_3"),
        ("x-claude-code-session-id", "5c4b"),
    ],
)
def test_these_shorten_by_themselves(name, value):
    assert compacts({b"accept": b"*/*", name.encode(): value.encode()})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"user-agent": b""},
        {b"user-agent": b"Anthropic/Python 2.10.0", b"x-stainless-lang": b"python", b"anthropic-version": b"2026-10-21"},
        {b"user-agent": b"Anthropic/JS 1.10.0"},
        {b"user-agent": b"OpenAI/Python 3.51.0"},
        {b"user-agent": b"AsyncOpenAI/Python 3.51.0"},
        {b"user-agent": b"ai-sdk/openai-compatible/3.0.92 ai-sdk/provider-utils/4.0.1"},
        {b"user-agent": b"litellm/1.106.2"},
        {b"user-agent": b"python-httpx/0.28.1"},
        {b"user-agent": b"curl/8.5.0"},
        {b"user-agent": b"Mozilla/5.0 (compatible; not claude-cli/2.0)"},
        {b"user-agent": b"pi-hole/6.0"},
        {b"user-agent": b"pipedream/1"},
        {b"x-title": b"Cherry Studio", b"http-referer": b"https://cherry-ai.com"},
        {b"http-referer": b"https://example.com/?from=https://cline.bot"},
        {b"originator": b""},
        {b"session-id": b"5c4b"},
        {b"user-agent": b"\xff\xfe"},
    ],
)
def test_nobody_else_does(headers):
    assert not compacts(headers)


def test_the_table_is_written_as_headers_are_compared():
    for name, begins in CLIENTS.items():
        assert (name, begins) == (name.lower(), tuple(each.lower() for each in begins))
