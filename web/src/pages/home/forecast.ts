/** How an allowance goes on, as shares of a bar. Pure. */

import { type Allowance, shareOf, time } from "./overview";

const HOUR_MS = 3_600_000;

/** `expected`: what will be used by the reset beyond what is used, as a share of the limit. `runsOut`: where between now (0)
 * and the reset (1) it is used up; null when it lasts, or nobody knows.
 */
export function forecast(row: Allowance, now: number): { expected: number; runsOut: number | null } {
  const left = Math.max(0, 1 - shareOf(row));
  const resets = row.resetsAt === null ? null : time(row.resetsAt);
  if (resets === null || resets <= now || !row.perHour || row.perHour <= 0 || row.limit <= 0) return { expected: 0, runsOut: null };
  const expected = Math.min(left, (row.perHour * (resets - now)) / HOUR_MS / row.limit);
  if (row.runsOutAt === null || left === 0) return { expected, runsOut: null };
  return { expected, runsOut: Math.min(1, Math.max(0, (time(row.runsOutAt) - now) / (resets - now))) };
}
