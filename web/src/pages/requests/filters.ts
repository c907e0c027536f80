/** Which requests are wanted: the filters in the address, as the REST and as events see them. */

import type { Schema } from "~/api/client";

export type Row = Schema<"RequestRead">;
type Ending = Schema<"Ending">;

export const NAMES = ["key", "account", "model", "kind", "ending", "status", "span", "from", "to", "id", "internal"] as const;
export type Filters = Record<(typeof NAMES)[number], string>;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
export const SPANS = { "15m": 15 * MINUTE, "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY } as const;
export type Span = keyof typeof SPANS;
export const ENDINGS: readonly Ending[] = ["served", "failed", "cut", "cancelled"];

export const isSpan = (text: string): text is Span => text in SPANS;
const isEnding = (text: string): text is Ending => (ENDINGS as readonly string[]).includes(text);

/** What the address says badly is no filter. */
const status = (text: string): number | undefined => (/^[1-5]\d\d$/.test(text) ? Number(text) : undefined);
const time = (text: string): number | undefined => {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
};

/** From `from` on and before `to`, epoch milliseconds. */
function bounds(filters: Filters, now: number): { from?: number; to?: number } {
  if (isSpan(filters.span)) return { from: now - SPANS[filters.span] };
  return { from: time(filters.from), to: time(filters.to) };
}

/** The query of GET /api/requests. */
export function asked(filters: Filters, now: number) {
  const { from, to } = bounds(filters, now);
  const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
  return {
    keyId: filters.key || undefined,
    accountId: filters.account || undefined,
    model: filters.model || undefined,
    kind: filters.kind || undefined,
    ending: isEnding(filters.ending) ? filters.ending : undefined,
    status: status(filters.status),
    requestId: filters.id || undefined,
    internal: filters.internal ? filters.internal === "true" : undefined,
    from: iso(from),
    to: iso(to),
  };
}

/** Whether a request that has just ended would be in the list of these filters. */
export function matches(row: Row, filters: Filters, now: number): boolean {
  const wanted = asked(filters, now);
  const fits = <Value>(value: Value | undefined, ...any: readonly unknown[]) => value === undefined || any.includes(value);
  return (
    fits(wanted.keyId, row.keyId) &&
    fits(wanted.accountId, row.accountId) &&
    fits(wanted.model, row.model, row.askedModel) &&
    fits(wanted.kind, row.kind) &&
    fits(wanted.ending, row.ending) &&
    fits(wanted.status, row.status) &&
    fits(wanted.requestId, row.requestId) &&
    fits(wanted.internal, row.cause !== null) &&
    within(row.receivedAt, bounds(filters, now))
  );
}

function within(receivedAt: string | null, { from, to }: { from?: number; to?: number }): boolean {
  const at = receivedAt === null ? 0 : Date.parse(receivedAt);
  return (from === undefined || at >= from) && (to === undefined || at < to);
}

/** Whether nothing new can come: the time span has an end, and that is over. */
export function isOver(filters: Filters, now: number): boolean {
  const { to } = bounds(filters, now);
  return to !== undefined && to <= now;
}
