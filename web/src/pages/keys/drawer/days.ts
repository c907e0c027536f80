/** Usage by day and model, shaped for a chart. */

import type { Schema } from "~/api/client";

type Bucket = Schema<"BucketRead">;
export const MEASURES = ["requests", "tokens", "cost"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Days {
  /** The models with most, then `others` where there are more. */
  series: string[];
  /** One for each day of the span, also the empty ones: `day` (ISO date) and a value for each of the series, by `keyOf`. */
  rows: ({ day: string } & Record<string, string | number>)[];
  total: number;
}

const DAY = 86_400_000;
/** More colours could not be told apart. */
const MOST = 5;

export function measure(bucket: Bucket, what: Measure): number {
  if (what === "tokens") return bucket.input + bucket.cacheRead + bucket.cacheWrite + bucket.output;
  return bucket[what];
}

/** The name of a series in a row: charts take a point in a name, as of a version, for a path. */
export const keyOf = (index: number) => `series${index}`;

const dayOf = (time: string | number) => new Date(time).toISOString().slice(0, 10);

/** `unnamed` and `others` name what has no model and what is lumped together. */
export function byDay(usage: Schema<"UsageOverTime">, what: Measure, unnamed: string, others: string): Days {
  const sums = new Map<string, number>();
  for (const bucket of usage.buckets) {
    const name = bucket.name ?? unnamed;
    sums.set(name, (sums.get(name) ?? 0) + measure(bucket, what));
  }
  const ranked = [...sums].filter(([, sum]) => sum > 0).sort(([, a], [, b]) => b - a).map(([name]) => name);
  const shown = ranked.length > MOST ? ranked.slice(0, MOST - 1) : ranked;
  const series = ranked.length > shown.length ? [...shown, others] : shown;
  const rows = new Map(span(usage).map((day) => [day, Object.fromEntries(series.map((_, index) => [keyOf(index), 0]))]));
  for (const bucket of usage.buckets) {
    const row = rows.get(dayOf(bucket.start ?? 0));
    const value = measure(bucket, what);
    if (!row || value === 0) continue;
    const named = bucket.name ?? unnamed;
    const place = shown.indexOf(named);
    const name = keyOf(place < 0 ? shown.length : place);
    row[name] = (row[name] ?? 0) + value;
  }
  return { series, rows: [...rows].map(([day, values]) => ({ ...values, day })), total: [...sums.values()].reduce((a, b) => a + b, 0) };
}

/** Every day from the beginning to the end, UTC. */
function span({ from, to }: Schema<"UsageOverTime">): string[] {
  const begin = Date.parse(from ?? "");
  const end = Date.parse(to ?? "");
  const count = Math.max(0, Math.ceil((end - begin) / DAY));
  return Array.from({ length: count || 0 }, (_, index) => dayOf(begin + index * DAY));
}
