import { expect, it } from "vitest";

import { inShort, isSecret, linesOf } from "./lines";

it("tells what differs, by its path, and nothing else", () => {
  const before = { name: "a", limits: { requests: { day: 5, month: null } }, tags: ["x"] };
  const after = { name: "a", limits: { requests: { day: 7, month: null } }, tags: ["x", "y"] };
  expect(linesOf(before, after)).toEqual([
    { field: "limits.requests.day", before: 5, after: 7 },
    { field: "tags", before: ["x"], after: ["x", "y"] },
  ]);
});

it("tells all of what was made, but for what is empty", () => {
  const made = { name: "a", note: "", models: [], expiresAt: null, enabled: false };
  expect(linesOf(null, made).map((line) => line.field)).toEqual(["name", "enabled"]);
});

it("finds routes by their names, wherever they stand", () => {
  const route = (name: string, model: string, match = "exact") => ({ name, match, targets: [{ kind: "kiro", model, accountIds: [] }] });
  const lines = linesOf({ routes: [route("a", "m"), route("b", "m")] }, { routes: [route("new", ""), route("a", "m"), route("b", "n"), route("b", "m", "prefix")] });
  expect(lines.map((line) => line.field)).toEqual(["routes: b", "routes: new", "routes: b…"]);
  expect(inShort(lines[0]?.after)).toBe("kiro/n");
  expect(inShort(lines[1]?.after)).toBe("kiro/=");
});

it("knows a secret from what is merely called so", () => {
  expect(isSecret({ field: "password", before: undefined, after: "changed" })).toBe(true);
  expect(isSecret({ field: "label", before: undefined, after: "changed" })).toBe(false);
  expect(isSecret({ field: "apiKey", before: "x", after: "changed" })).toBe(false);
});
