/** What the first page is told, and how it is read further. Pure. */

import type { Schema } from "~/api/client";

export type Overview = Schema<"OverviewRead">;
export type Hour = Schema<"HourRead">;
export type Allowance = Schema<"AllowanceLeft">;
export type Spend = Schema<"SpendRead">;
export type Ending = Schema<"Ending">;
export type Request = Schema<"RequestRead">;

/** In the order in which they are stacked. */
export const ENDINGS = ["served", "cancelled", "cut", "failed"] as const satisfies readonly Ending[];

const HOUR_MS = 3_600_000;

export const time = (at: string | null): number => (at === null ? 0 : Date.parse(at));

/** Requests of some hours that follow each other. `from`, `to`: epoch milliseconds. */
export interface Slot {
  from: number;
  to: number;
  counts: Record<Ending, number>;
  total: number;
}

/** `hours` in slots of `size` each, the last of which is full. */
export function slots(hours: readonly Hour[], size: number): Slot[] {
  const first = hours.length % size;
  const bounds = first ? [0] : [];
  for (let at = first; at < hours.length; at += size) bounds.push(at);
  return bounds.map((begin, index) => slot(hours.slice(begin, bounds[index + 1])));
}

function slot(hours: readonly Hour[]): Slot {
  const sum = (ending: Ending) => hours.reduce((total, hour) => total + hour[ending], 0);
  const counts = { served: sum("served"), failed: sum("failed"), cut: sum("cut"), cancelled: sum("cancelled") };
  const total = ENDINGS.reduce((all, ending) => all + counts[ending], 0);
  return { from: time(hours[0]?.start ?? null), to: time(hours.at(-1)?.start ?? null) + HOUR_MS, counts, total };
}

/** All of the span as one. */
export const whole = (hours: readonly Hour[]): Slot => slot(hours);

/** Where the requests of a slot are listed. */
export function listed({ from, to }: Pick<Slot, "from" | "to">, ending?: Ending): string {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), ...(ending && { ending }) });
  return `/requests?${query}`;
}

/** How much of a limit is gone, 0 to 1 and beyond. */
export const shareOf = ({ used, reserved = 0, limit }: { used: number; reserved?: number; limit: number }): number =>
  limit > 0 ? (used + reserved) / limit : 1;

/** The most urgent first: by when they run out, then by how much is gone. */
export function urgent(allowances: readonly Allowance[]): Allowance[] {
  const end = ({ runsOutAt }: Allowance) => (runsOutAt === null ? Infinity : time(runsOutAt));
  return [...allowances].sort((a, b) => (end(a) === end(b) ? shareOf(b) - shareOf(a) : end(a) - end(b)));
}
