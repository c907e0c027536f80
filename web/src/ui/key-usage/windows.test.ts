import { expect, it } from "vitest";

import { type Leaf, limited, share, standing, unlimited, type Usage } from "./windows";

const leaf = (used: number, limit: number | null, reserved = 0): Leaf => ({
  used, reserved, standby: 0, limit, left: limit === null ? null : Math.max(0, limit - used - reserved), resetsAt: null,
});
const none = { minute: null, day: leaf(0, null), month: leaf(0, null), total: leaf(0, null) };
const usage = (change: Partial<Usage> = {}): Usage => ({
  requests: none, tokens: none, credits: none, concurrency: leaf(0, null), overrun: { requests: 0, tokens: 0, credits: 0 }, ...change,
});

it("puts the window that stops first in front", () => {
  const found = limited(usage({ requests: { ...none, minute: leaf(1, 10), day: leaf(70, 100, 20) }, tokens: { ...none, total: leaf(800, 1000) } }), 0);
  expect(found.map(({ name }) => name)).toEqual(["requests.day", "tokens.total", "requests.minute"]);
});

it("takes what is reserved for spent, and a limit of nothing for reached", () => {
  expect(share(leaf(70, 100, 20))).toBeCloseTo(0.9);
  expect(share(leaf(0, 0))).toBe(1);
  expect(share(leaf(5, null))).toBeNull();
});

it("counts without limits only what there is", () => {
  const found = unlimited(usage({ credits: { ...none, month: leaf(1.5, null) } }), 0);
  expect(found.map(({ name }) => name)).toEqual(["credits.month"]);
});

it("knows that buckets refill and days end without being told", () => {
  const at = Date.UTC(2030, 0, 1);
  const read = { ...leaf(30, 60, 5), resetsAt: new Date(at + 30_000).toISOString() };
  expect(standing(read, "minute", at)).toEqual(read);
  expect(standing(read, "minute", at + 20_000)).toMatchObject({ used: 10, reserved: 5, left: 45 });
  expect(standing(read, "day", at + 20_000)).toEqual(read);
  expect(standing(read, "day", at + 30_000)).toMatchObject({ used: 0, reserved: 5, left: 55 });
});
