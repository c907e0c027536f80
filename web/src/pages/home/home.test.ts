import { describe, expect, it } from "vitest";

import { facts, type Writing } from "./facts";
import { folded } from "./folding";
import { forecast } from "./forecast";
import { type Allowance, type Hour, listed, type Overview, type Request, slots, type Spend, urgent } from "./overview";
import { near } from "./times";

const HOUR = 3_600_000;
const NOON = Date.parse("2026-03-04T12:00:00Z");
const iso = (at: number) => new Date(at).toISOString();

const hour = (at: number, more: Partial<Hour> = {}): Hour => ({
  start: iso(at), served: 0, failed: 0, cut: 0, cancelled: 0, p50: null, p95: null, tokens: 0, cost: 0, ...more,
});

const overview = (more: Partial<Overview> = {}): Overview => ({
  at: iso(NOON), version: "1.0", startedAt: iso(NOON - 5 * HOUR), accounts: { active: 2 }, openRequests: 0, waiting: 0, gaps: 0, backlog: 0,
  keys: { total: 1, enabled: 1 }, nextReturn: null, runsOut: null, hours: [hour(NOON - HOUR, { served: 3 }), hour(NOON)], allowances: [], spend: [],
  firstRun: { account: true, key: true, request: false }, ...more,
});

const request = (more: object = {}) =>
  ({ ending: "served", cause: null, cost: 0.5, usage: { input: 10, cacheRead: 1, cacheWrite: 2, output: 7 }, ...more }) as Request;

describe("what has ended is folded in", () => {
  it("counts into the hour under way", () => {
    const { hours, firstRun } = folded(overview(), [request(), request({ ending: "failed" })], NOON + 60_000);
    expect(hours[1]).toMatchObject({ served: 1, failed: 1, tokens: 40, cost: 1 });
    expect(hours[0]?.served).toBe(3);
    expect(firstRun.request).toBe(true);
  });

  it("begins an hour of its own when the clock has struck, and the oldest goes", () => {
    const { hours } = folded(overview(), [request()], NOON + HOUR + 1);
    expect(hours.map((one) => one.start)).toEqual([iso(NOON), iso(NOON + HOUR)]);
    expect(hours[1]?.served).toBe(1);
  });

  it("keeps as many hours however long nothing was heard", () => {
    const { hours } = folded(overview(), [request()], NOON + 50 * HOUR);
    expect(hours).toHaveLength(2);
    expect(hours[1]).toMatchObject({ start: iso(NOON + 50 * HOUR), served: 1 });
    expect(hours[0]?.served).toBe(0);
  });

  it("takes what the gateway asked itself for a cost, not for a request", () => {
    const { hours, firstRun } = folded(overview(), [request({ cause: "req_1" })], NOON);
    expect(hours[1]).toMatchObject({ served: 0, tokens: 20, cost: 0.5 });
    expect(firstRun.request).toBe(false);
  });
});

describe("bars", () => {
  const hours = [1, 2, 3, 4, 5].map((served, index) => hour(NOON + index * HOUR, { served }));

  it("are full at the end, whatever is left over at the beginning", () => {
    expect(slots(hours, 2).map((slot) => slot.total)).toEqual([1, 5, 9]);
    expect(slots(hours, 2).map(({ from, to }) => (to - from) / HOUR)).toEqual([1, 2, 2]);
  });

  it("lead to their requests", () => {
    expect(listed({ from: NOON, to: NOON + HOUR }, "cut")).toBe("/requests?from=2026-03-04T12%3A00%3A00.000Z&to=2026-03-04T13%3A00%3A00.000Z&ending=cut");
  });
});

describe("allowances", () => {
  const row = (more: Partial<Allowance>): Allowance => ({
    accountId: "acc", label: "a", kind: "kiro", status: "active", used: 400, limit: 1000, unit: "credit", resetsAt: iso(NOON + 10 * HOUR), perHour: 100, runsOutAt: null, ...more,
  });

  it("mark where they run out between now and the reset", () => {
    expect(forecast(row({ runsOutAt: iso(NOON + 6 * HOUR) }), NOON)).toEqual({ expected: 0.6, runsOut: 0.6 });
    expect(forecast(row({ perHour: 10 }), NOON)).toEqual({ expected: 0.1, runsOut: null });
  });

  it("promise nothing where too little is known", () => {
    const nothing = { expected: 0, runsOut: null };
    expect(forecast(row({ perHour: null }), NOON)).toEqual(nothing);
    expect(forecast(row({ resetsAt: null }), NOON)).toEqual(nothing);
    expect(forecast(row({ resetsAt: iso(NOON - 1) }), NOON)).toEqual(nothing);
    expect(forecast(row({ limit: 0 }), NOON)).toEqual(nothing);
  });

  it("come by urgency", () => {
    const sorted = urgent([row({ label: "half" , used: 500 }), row({ label: "most", used: 900 }), row({ label: "soon", used: 1, runsOutAt: iso(NOON) })]);
    expect(sorted.map(({ label }) => label)).toEqual(["soon", "most", "half"]);
  });
});

describe("the sentence", () => {
  const writing: Writing = { time: iso, name: (text) => text, share: String };
  const named = (more: Partial<Overview>) => facts(overview(more), writing).map(({ name }) => name);

  it("says that all is well", () => {
    expect(named({})).toEqual(["allReady", "nothingLost"]);
    expect(named({ accounts: { active: 1, disabled: 3 } })).toEqual(["allReady", "nothingLost"]);
  });

  it("begins with the worst", () => {
    const spend: Spend = { keyId: "key_1", name: "k", unit: "tokens", period: "day", used: 5, reserved: 0, limit: 5, resetsAt: null };
    const busy = { accounts: { active: 1, cooling: 1, "needs-login": 1 }, gaps: 2, waiting: 1, spend: [spend] };
    expect(named(busy)).toEqual(["attention", "gaps", "limited", "waiting"]);
  });

  it("says when the next is back and whose allowance ends", () => {
    const nextReturn = { accountId: "a", label: "Oslo", status: "cooling", until: iso(NOON) } as const;
    const found = facts(overview({ accounts: { active: 1, cooling: 1 }, nextReturn, runsOut: { accountId: "b/1", label: "Rome", runsOutAt: iso(NOON) } }), writing);
    expect(found.map(({ name }) => name)).toEqual(["limited", "returns", "runsOut", "nothingLost"]);
    expect(found[1]?.values).toEqual({ label: "Oslo", time: iso(NOON) });
    expect(found[2]?.to).toBe("/accounts/b%2F1");
  });

  it("is alarmed when nothing can be served", () => {
    expect(named({ accounts: {} })[0]).toBe("noAccount");
    expect(named({ accounts: { disabled: 2 } })[0]).toBe("allOff");
    expect(named({ accounts: { exhausted: 2 } })[0]).toBe("noneReady");
  });

  it("tells of failing requests once there are enough to judge by", () => {
    const of = (served: number, failed: number) => facts(overview({ hours: [hour(NOON, { served, failed })] }), writing)[0];
    expect(of(4, 0)?.name).toBe("allReady");
    expect(of(1, 1)?.name).toBe("allReady");
    expect(of(8, 2)).toMatchObject({ name: "failing", tone: "warn", values: { share: "0.2" } });
    expect(of(2, 8)).toMatchObject({ name: "failing", tone: "bad" });
  });

  it("leaves out limits that fill again by themselves in a minute", () => {
    const limit = { keyId: "key_1", name: "k", unit: "requests", used: 5, reserved: 0, limit: 5, resetsAt: null } as const;
    expect(named({ spend: [{ ...limit, period: "minute" }] })).not.toContain("limitReached");
    expect(named({ spend: [{ ...limit, period: "month" }] })).toContain("limitReached");
  });
});

it("says no more of a time than is needed", () => {
  const now = new Date(2026, 2, 4, 12).getTime();
  expect(near(new Date(2026, 2, 4, 17, 40).getTime(), now, "en-GB")).toBe("17:40");
  expect(near(new Date(2026, 2, 6, 17, 40).getTime(), now, "en-GB")).toMatch(/^Fri.* 17:40$/);
  expect(near(new Date(2026, 3, 1, 9).getTime(), now, "en-GB")).toBe("1 Apr");
  expect(near(new Date(2027, 3, 1, 9).getTime(), now, "en-GB")).toBe("1 Apr 2027");
});
