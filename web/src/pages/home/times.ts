/** Times of day as they are said in a sentence and beside a chart. */

const DAY_MS = 86_400_000;

const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;

const written = (at: number, locale: string, options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(locale, options).format(at);

/** "17:40" */
export const hourOf = (at: number, locale: string): string => written(at, locale, clock);

/** "Tue 3" */
export const dayOf = (at: number, locale: string): string => written(at, locale, { weekday: "short", day: "numeric" });

/** "Tue 17:40", as it stands above one hour of a week. */
export const dayHourOf = (at: number, locale: string): string => written(at, locale, { weekday: "short", ...clock });

/** No more of it than is needed to know which one is meant: "17:40", "Tue 17:40", "3 Nov". */
export function near(at: number, now: number, locale: string): string {
  if (new Date(at).toDateString() === new Date(now).toDateString()) return hourOf(at, locale);
  if (Math.abs(at - now) < 6 * DAY_MS) return dayHourOf(at, locale);
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return written(at, locale, { day: "numeric", month: "short", year });
}
