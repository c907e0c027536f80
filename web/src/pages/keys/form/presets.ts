/** Starting values for common holders of a key. */

import { limitValues, localTime, type Values } from "./values";

export const PRESETS = ["open", "developer", "ci", "friend"] as const;
export type Preset = (typeof PRESETS)[number];

type Start = Pick<Values, "limits" | "expiresAt" | "strict">;

const DAY = 86_400_000;

/** `now` in ms. A name, models and accounts that were entered before stay. */
export function preset(chosen: Preset, now: number): Start {
  const inDays = (days: number) => localTime(new Date(now + days * DAY).toISOString());
  const table: Record<Preset, Start> = {
    open: { limits: limitValues({}), expiresAt: "", strict: false },
    developer: { limits: limitValues({ requests: { minute: 60 }, tokens: { day: 20_000_000 }, concurrency: 8 }), expiresAt: "", strict: false },
    ci: { limits: limitValues({ requests: { minute: 30, day: 2000 }, tokens: { day: 5_000_000 }, concurrency: 4 }), expiresAt: inDays(90), strict: true },
    friend: { limits: limitValues({ requests: { minute: 10 }, tokens: { day: 1_000_000, month: 10_000_000 }, concurrency: 2 }), expiresAt: inDays(30), strict: false },
  };
  return table[chosen];
}
