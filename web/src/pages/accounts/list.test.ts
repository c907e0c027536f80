import { expect, it } from "vitest";

import { account } from "./account.fixture";
import { lastFault, matching, summarise, usedShare } from "./list";

const NOBODY = { q: "", status: "", kind: "" };
const breaker = { cause: "throttled", model: null, state: "open", until: "2026-01-01T00:10:00Z", reason: "asked too often" } as const;

it("looks for all words in what an account is known by", () => {
  const all = [account({ label: "Team Oslo", baseUrl: "https://a.example/v1" }), account({ label: "Team Lisbon" })];
  const found = (q: string) => matching(all, { ...NOBODY, q }).map((one) => one.label);
  expect(found("team LISBON")).toEqual(["Team Lisbon"]);
  expect(found("a.example oslo")).toEqual(["Team Oslo"]);
  expect(found(" ")).toHaveLength(2);
});

it("filters by one state, by a group of them, and by kind", () => {
  const all = [account({ id: "a" }), account({ id: "b", status: "cooling" }), account({ id: "c", status: "exhausted", kind: "openai" }), account({ id: "d", status: "suspended" })];
  const found = (filters: object) => matching(all, { ...NOBODY, ...filters }).map((one) => one.id);
  expect(found({ status: "cooling" })).toEqual(["b"]);
  expect(found({ status: "limited" })).toEqual(["b", "c"]);
  expect(found({ status: "attention" })).toEqual(["d"]);
  expect(found({ status: "limited", kind: "openai" })).toEqual(["c"]);
});

it("counts, and finds who returns first", () => {
  const all = [
    account({}),
    account({ id: "late", status: "exhausted", until: "2026-01-02T00:00:00Z" }),
    account({ id: "soon", status: "cooling", until: "2026-01-01T00:00:00Z" }),
    account({ id: "never", status: "cooling" }),
    account({ status: "disabled", until: "2025-01-01T00:00:00Z" }),
    account({ status: "needs-login" }),
  ];
  const { next, ...counts } = summarise(all);
  expect(next?.id).toBe("soon");
  expect(counts).toEqual({ total: 6, active: 1, limited: 3, attention: 1, disabled: 1 });
});

it("tells of what rests it before the commonest fault, and of no end that has passed", () => {
  const healthParts = { successShare: 0.5, faults: { cut: 1, timeout: 3 } };
  expect(lastFault(account({ healthParts }))).toMatchObject({ cause: "timeout", count: 3 });
  expect(lastFault(account({ healthParts, breakers: [breaker] }))).toMatchObject({ cause: "throttled", until: breaker.until });
  expect(lastFault(account({ breakers: [{ ...breaker, state: "half-open" }] }))?.until).toBeNull();
  expect(lastFault(account({}))).toBeNull();
});

it("sorts accounts without an allowance below those with one", () => {
  const allowance = { used: 0, limit: 10, resetsAt: null, unit: "credit", plan: "", overage: false, email: "", checkedAt: null, forecast: null };
  expect(usedShare(account({ allowance }))).toBe(0);
  expect(usedShare(account({}))).toBeLessThan(0);
  expect(usedShare(account({ allowance: { ...allowance, limit: 0 } }))).toBeLessThan(0);
});
