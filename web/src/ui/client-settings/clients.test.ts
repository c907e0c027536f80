import { execFileSync } from "node:child_process";

import { expect, it } from "vitest";

import { type Access, clients } from "./clients";
import { powershell } from "./quoting";

const plain: Access = { base: "http://gate:8000", key: "hg-abc", model: "claude-sonnet-4.5" };
const nasty: Access = { ...plain, model: `a'b"c\\d$(touch x)\`e\`\nשלום` };

function text(access: Access, client: string, variant: string): string {
  const found = clients(access).find(({ id }) => id === client)?.variants.find(({ name }) => name === variant);
  return (found?.steps ?? []).map((step) => step.text).join("\n\n");
}

it("tells Claude Code where to go and who it is", () => {
  expect(text(plain, "claude-code", "bash / zsh")).toContain("export ANTHROPIC_BASE_URL='http://gate:8000'\nexport ANTHROPIC_AUTH_TOKEN='hg-abc'");
  expect(JSON.parse(text(plain, "claude-code", "settings.json"))).toEqual({
    env: { ANTHROPIC_BASE_URL: "http://gate:8000", ANTHROPIC_AUTH_TOKEN: "hg-abc", ANTHROPIC_MODEL: "claude-sonnet-4.5" },
  });
});

it("keeps the key out of Codex's file", () => {
  const [file, command] = clients(plain)[1]?.variants[0]?.steps ?? [];
  expect(file?.text).toContain('base_url = "http://gate:8000/v1"');
  expect(file?.text).not.toContain("hg-abc");
  expect(command?.text).toBe("export GATEWAY_API_KEY='hg-abc'\ncodex");
});

it("gives every SDK the address it wants", () => {
  expect(text(plain, "openai", "Python")).toContain('base_url="http://gate:8000/v1", api_key="hg-abc"');
  expect(text(plain, "openai", "Node")).toContain('baseURL: "http://gate:8000/v1"');
  expect(text(plain, "anthropic", "Python")).toContain('base_url="http://gate:8000", api_key="hg-abc"');
  expect(text(plain, "anthropic", "Node")).toContain('baseURL: "http://gate:8000"');
  expect(text(plain, "curl", "Messages")).toContain("'http://gate:8000/v1/messages'");
});

it("lets no name of a model run in a shell", () => {
  const exports = text(nasty, "claude-code", "bash / zsh").replace(/\nclaude$/, '\nprintf %s "$ANTHROPIC_MODEL"');
  expect(execFileSync("bash", ["-c", exports], { encoding: "utf-8" })).toBe(nasty.model);
  const body = text(nasty, "curl", "Chat completions").replace("curl -N", "printf '%s\\n'").split(" \\\n").at(-1)?.replace("-d", "printf %s");
  expect(JSON.parse(execFileSync("bash", ["-c", body ?? ""], { encoding: "utf-8" }))).toMatchObject({ model: nasty.model });
  expect(powershell("it's")).toBe("'it''s'");
});

it("writes a name of a model as a literal", () => {
  const [line] = text(nasty, "codex", "bash / zsh").split("\n");
  expect(JSON.parse(line?.replace("model = ", "") ?? "")).toBe(nasty.model);
});
