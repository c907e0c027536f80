import { expect, it } from "vitest";

import type { Schema } from "~/api/client";

import { byDay } from "./days";

const bucket = (start: string, name: string | null, requests: number): Schema<"BucketRead"> => ({
  start, name, requests, success: requests, failed: 0, counted: requests, input: 10 * requests, cacheRead: 0, cacheWrite: 0,
  output: requests, savedTokens: 0, summaryTokens: 0, credits: 0, cost: 0.5 * requests,
});
const usage = (buckets: Schema<"BucketRead">[]): Schema<"UsageOverTime"> => ({
  period: "day", by: "model", from: "2026-03-28T00:00:00Z", to: "2026-03-30T07:00:00Z", buckets,
});

it("has every day, with the models that have most in front", () => {
  const found = byDay(usage([bucket("2026-03-28T00:00:00Z", "a", 1), bucket("2026-03-30T00:00:00Z", "b", 4), bucket("2026-03-30T00:00:00Z", null, 2)]), "tokens", "none", "others");
  expect(found.series).toEqual(["b", "none", "a"]);
  expect(found.rows).toEqual([
    { day: "2026-03-28", series0: 0, series1: 0, series2: 11 },
    { day: "2026-03-29", series0: 0, series1: 0, series2: 0 },
    { day: "2026-03-30", series0: 44, series1: 22, series2: 0 },
  ]);
  expect(found.total).toBe(77);
});

it("lumps together what would be too many", () => {
  const many = Array.from({ length: 8 }, (_, index) => bucket("2026-03-29T00:00:00Z", `m${index}`, index + 1));
  const found = byDay(usage(many), "requests", "none", "others");
  expect(found.series).toEqual(["m7", "m6", "m5", "m4", "others"]);
  expect(found.rows[1]).toMatchObject({ series4: 10 });
});

it("draws nothing for a key that did nothing", () => {
  expect(byDay(usage([]), "cost", "none", "others")).toMatchObject({ series: [], total: 0 });
});
