/** Numbers, times and durations as people of the chosen language read them. */

import { useLanguage } from ".";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type Time = string | number | Date;

/** How much of a time to show. */
export type MomentStyle = "full" | "short" | "time" | "day";

const MOMENTS: Record<MomentStyle, Intl.DateTimeFormatOptions> = {
  full: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
  short: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  time: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  day: { year: "numeric", month: "short", day: "numeric" },
};

/** Formats are dear to make, and every row of a list needs some. */
function kept<Format>(make: (locale: string, name: string) => Format): (locale: string, name: string) => Format {
  const made = new Map<string, Format>();
  return (locale, name) => {
    const key = `${locale} ${name}`;
    const found = made.get(key) ?? make(locale, name);
    made.set(key, found);
    return found;
  };
}

const unitFormat = kept(
  (locale, name) => new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: name === "second" ? 1 : 0 }),
);
const relativeFormat = kept((locale) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" }));
const momentFormat = kept((locale, style) => new Intl.DateTimeFormat(locale, { ...MOMENTS[style as MomentStyle], hourCycle: "h23" }));

/** The two greatest units of a length of time, "2h 5m"; below ten seconds with a decimal, below one in ms. */
export function duration(ms: number, locale: string): string {
  const length = Math.max(0, ms);
  const unit = (value: number, name: string) => unitFormat(locale, name).format(value);
  if (length < SECOND) return unit(Math.round(length), "millisecond");
  if (length < 10 * SECOND) return unit(length / SECOND, "second");
  // Rounded first, or 59.6 s would be "60s".
  const whole = Math.round(length / SECOND) * SECOND;
  const parts = [
    { name: "day", of: DAY },
    { name: "hour", of: HOUR },
    { name: "minute", of: MINUTE },
    { name: "second", of: SECOND },
  ];
  const first = parts.findIndex((part) => whole >= part.of);
  let left = whole;
  const said = parts.slice(first, first + 2).map(({ name, of }) => {
    const count = Math.floor(left / of);
    left -= count * of;
    return count ? unit(count, name) : "";
  });
  return said.filter(Boolean).join(" ");
}

/** "3 min ago", "in 2 hr". */
export function relative(ms: number, locale: string): string {
  const format = relativeFormat(locale, "");
  const size = Math.abs(ms);
  if (size < MINUTE) return format.format(Math.trunc(ms / SECOND), "second");
  if (size < HOUR) return format.format(Math.trunc(ms / MINUTE), "minute");
  if (size < DAY) return format.format(Math.trunc(ms / HOUR), "hour");
  return format.format(Math.trunc(ms / DAY), "day");
}

const keptFormats = kept((locale) => made(locale));

/** All formats of one language. */
export const formats = (locale: string) => keptFormats(locale, "");

function made(locale: string) {
  const plain = (options?: Intl.NumberFormatOptions, spoken = locale) => {
    const format = new Intl.NumberFormat(spoken, options);
    return (value: number) => format.format(value);
  };
  const cents = plain({ style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" });
  const small = plain({ style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", maximumSignificantDigits: 2 });
  const exact = plain();
  // The British write a million as m, which looks like milli.
  const compact = plain({ notation: "compact", maximumFractionDigits: 1 }, locale.startsWith("en") ? "en-US" : locale);
  return {
    locale,
    number: plain({ maximumFractionDigits: 2 }),
    /** 12.3K */
    tokens: (value: number) => (Math.abs(value) < 1000 ? exact(value) : compact(value)),
    /** US dollars; what is below a cent keeps two digits that say something. */
    money: (value: number) => (value !== 0 && Math.abs(value) < 0.01 ? small(value) : cents(value)),
    /** Of a share from 0 to 1. */
    percent: plain({ style: "percent", maximumFractionDigits: 1 }),
    moment: (time: Time, style: MomentStyle = "short") => momentFormat(locale, style).format(new Date(time)),
    duration: (ms: number) => duration(ms, locale),
    relative: (ms: number) => relative(ms, locale),
  };
}

export function useFormat() {
  const { locale } = useLanguage();
  return formats(locale);
}
