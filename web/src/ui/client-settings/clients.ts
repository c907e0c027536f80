/** What clients must be told to use this gateway, as texts to copy. */

import { json, powershell, shell } from "./quoting";

/** What a setting is made of. `base` is the gateway's address without a slash at its end. */
export interface Access {
  base: string;
  key: string;
  model: string;
}

/** A text to copy. `file` is where it goes; without one it is run in a terminal, or is a program. */
export interface Step {
  file?: string;
  text: string;
}

export interface Variant {
  name: string;
  steps: readonly Step[];
}

export interface Client {
  id: "claude-code" | "codex" | "openai" | "anthropic" | "curl";
  name: string;
  variants: readonly Variant[];
}

const HELLO = "Hello!";
const CODEX_VARIABLE = "GATEWAY_API_KEY";

/** A program that says its answer; `install` is the command that comes before. */
const program = (install: string, ...lines: string[]): readonly Step[] => [{ text: install }, { text: lines.join("\n") }];

export function clients(access: Access): readonly Client[] {
  return [claudeCode(access), codex(access), openai(access), anthropic(access), curl(access)];
}

function claudeCode({ base, key, model }: Access): Client {
  const environ = { ANTHROPIC_BASE_URL: base, ANTHROPIC_AUTH_TOKEN: key, ANTHROPIC_MODEL: model };
  const lines = (line: (name: string, value: string) => string) =>
    [...Object.entries(environ).map(([name, value]) => line(name, value)), "claude"].join("\n");
  return {
    id: "claude-code",
    name: "Claude Code",
    variants: [
      { name: "bash / zsh", steps: [{ text: lines((name, value) => `export ${name}=${shell(value)}`) }] },
      { name: "PowerShell", steps: [{ text: lines((name, value) => `$env:${name} = ${powershell(value)}`) }] },
      { name: "settings.json", steps: [{ file: "~/.claude/settings.json", text: JSON.stringify({ env: environ }, null, 2) }] },
    ],
  };
}

function codex({ base, key, model }: Access): Client {
  const config = {
    file: "~/.codex/config.toml",
    // A basic string of TOML is written like one of JSON.
    text: `model = ${json(model)}
model_provider = "headgate"

[model_providers.headgate]
name = "Headgate"
base_url = ${json(`${base}/v1`)}
env_key = "${CODEX_VARIABLE}"
wire_api = "responses"`,
  };
  return {
    id: "codex",
    name: "Codex",
    variants: [
      { name: "bash / zsh", steps: [config, { text: `export ${CODEX_VARIABLE}=${shell(key)}\ncodex` }] },
      { name: "PowerShell", steps: [config, { text: `$env:${CODEX_VARIABLE} = ${powershell(key)}\ncodex` }] },
    ],
  };
}

function openai({ base, key, model }: Access): Client {
  const messages = `[{"role": "user", "content": ${json(HELLO)}}]`;
  const python = program(
    "pip install openai",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${json(`${base}/v1`)}, api_key=${json(key)})`,
    "stream = client.chat.completions.create(",
    `    model=${json(model)}, messages=${messages}, stream=True`,
    ")",
    "for chunk in stream:",
    "    if chunk.choices:",
    '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
  );
  const node = program(
    "npm install openai",
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: ${json(`${base}/v1`)}, apiKey: ${json(key)} });`,
    "const stream = await client.chat.completions.create({",
    `  model: ${json(model)},`,
    `  messages: [{ role: "user", content: ${json(HELLO)} }],`,
    "  stream: true,",
    "});",
    'for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");',
  );
  return { id: "openai", name: "OpenAI SDK", variants: [{ name: "Python", steps: python }, { name: "Node", steps: node }] };
}

function anthropic({ base, key, model }: Access): Client {
  const python = program(
    "pip install anthropic",
    "from anthropic import Anthropic",
    "",
    `client = Anthropic(base_url=${json(base)}, api_key=${json(key)})`,
    "with client.messages.stream(",
    `    model=${json(model)}, max_tokens=1024, messages=[{"role": "user", "content": ${json(HELLO)}}]`,
    ") as stream:",
    "    for text in stream.text_stream:",
    '        print(text, end="", flush=True)',
  );
  const node = program(
    "npm install @anthropic-ai/sdk",
    'import Anthropic from "@anthropic-ai/sdk";',
    "",
    `const client = new Anthropic({ baseURL: ${json(base)}, apiKey: ${json(key)} });`,
    "const stream = client.messages.stream({",
    `  model: ${json(model)},`,
    "  max_tokens: 1024,",
    `  messages: [{ role: "user", content: ${json(HELLO)} }],`,
    "});",
    'stream.on("text", (text) => process.stdout.write(text));',
    "await stream.finalMessage();",
  );
  return { id: "anthropic", name: "Anthropic SDK", variants: [{ name: "Python", steps: python }, { name: "Node", steps: node }] };
}

function curl({ base, key, model }: Access): Client {
  const messages = [{ role: "user", content: HELLO }];
  const call = (path: string, headers: readonly string[], body: object) =>
    [
      `curl -N ${shell(base + path)}`,
      ...["content-type: application/json", ...headers].map((header) => `  -H ${shell(header)}`),
      `  -d ${shell(JSON.stringify(body))}`,
    ].join(" \\\n");
  const chat = call("/v1/chat/completions", [`authorization: Bearer ${key}`], { model, stream: true, messages });
  const anthropicHeaders = [`x-api-key: ${key}`, "anthropic-version: 2023-06-01"];
  const asked = call("/v1/messages", anthropicHeaders, { model, max_tokens: 1024, stream: true, messages });
  return { id: "curl", name: "curl", variants: [{ name: "Chat completions", steps: [{ text: chat }] }, { name: "Messages", steps: [{ text: asked }] }] };
}
