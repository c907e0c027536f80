/** Requests that have ended since the figures were fetched, folded into them. Pure. */

import { type Hour, type Overview, type Request, time } from "./overview";

const HOUR_MS = 3_600_000;

/** `overview` with what has ended up to `now` (epoch milliseconds). Times to the first event stay as they were fetched. */
export function folded(overview: Overview, ended: readonly Request[], now: number): Overview {
  if (ended.length === 0) return overview;
  const hours = [...through(overview.hours, now)];
  for (const row of ended) {
    const index = hours.length - 1;
    const hour = hours[index];
    if (hour) hours[index] = added(hour, row);
  }
  const request = overview.firstRun.request || ended.some((row) => row.cause === null);
  return { ...overview, hours, firstRun: { ...overview.firstRun, request } };
}

/** As many hours, the one of `now` the last of them. */
function through(hours: readonly Hour[], now: number): readonly Hour[] {
  const last = time(hours.at(-1)?.start ?? null);
  const passed = Math.max(0, Math.floor((now - last) / HOUR_MS));
  return hours.map((_, index) => hours[index + passed] ?? none(last + (index + passed - hours.length + 1) * HOUR_MS));
}

const none = (start: number): Hour => ({
  start: new Date(start).toISOString(), served: 0, failed: 0, cut: 0, cancelled: 0, p50: null, p95: null, tokens: 0, cost: 0,
});

/** What the gateway asked itself costs something, but is no request. */
function added(hour: Hour, { ending, usage, cost, cause }: Request): Hour {
  const tokens = usage.input + usage.cacheRead + usage.cacheWrite + usage.output;
  const counted = cause === null ? { [ending]: hour[ending] + 1 } : {};
  return { ...hour, ...counted, tokens: hour.tokens + tokens, cost: hour.cost + cost };
}
