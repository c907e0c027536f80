/** What a key has used of its limits, window by window. */

import type { Schema } from "~/api/client";

export type Usage = Schema<"KeyUsageRead">;
export type Leaf = Schema<"LeafRead">;

export const UNITS = ["requests", "tokens", "credits"] as const;
export const PERIODS = ["minute", "day", "month", "total"] as const;
export type Unit = (typeof UNITS)[number];
export type Period = (typeof PERIODS)[number];

/** One window: a unit in a period, or how many requests run at a time. */
export interface Window {
  name: `${Unit}.${Period}` | "concurrency";
  unit: Unit;
  leaf: Leaf;
}

const MINUTE_MS = 60_000;

/** How a window stands at `now` (ms), although it was read before: nobody tells when a bucket has refilled or a day has ended. */
export function standing(leaf: Leaf, period: Period, now: number): Leaf {
  if (!leaf.resetsAt) return leaf;
  const wait = Math.max(0, Date.parse(leaf.resetsAt) - now);
  const most = period === "minute" ? Math.ceil(((leaf.limit ?? 0) * wait) / MINUTE_MS) : wait > 0 ? leaf.used : 0;
  const back = leaf.used - Math.min(leaf.used, most);
  return back > 0 ? { ...leaf, used: leaf.used - back, left: leaf.left === null ? null : leaf.left + back } : leaf;
}

/** All windows that are counted, limited or not. */
function windows(usage: Usage, now: number): Window[] {
  const found = UNITS.flatMap((unit) =>
    PERIODS.flatMap((period): Window[] => {
      const leaf = usage[unit][period];
      return leaf ? [{ name: `${unit}.${period}`, unit, leaf: standing(leaf, period, now) }] : [];
    }),
  );
  return [...found, { name: "concurrency", unit: "requests", leaf: usage.concurrency }];
}

/** What is spoken for, 0 to 1 and beyond; null without a limit. A limit of 0 lets nothing pass. */
export function share({ limit, left }: Leaf): number | null {
  if (limit === null) return null;
  return limit > 0 ? 1 - (left ?? 0) / limit : 1;
}

/** Windows with a limit, the one that stops the key first in front. */
export function limited(usage: Usage, now: number): Window[] {
  const tight = (window: Window) => share(window.leaf) ?? 0;
  return windows(usage, now)
    .filter(({ leaf }) => leaf.limit !== null)
    .sort((a, b) => tight(b) - tight(a));
}

/** What is counted without a limit, where there is something to count. */
export function unlimited(usage: Usage, now: number): Window[] {
  return windows(usage, now).filter(({ leaf }) => leaf.limit === null && leaf.used > 0);
}
