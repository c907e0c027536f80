import { useCommon } from "~/i18n/common";
import { type MomentStyle, type Time, useFormat } from "~/i18n/format";

import { useNow } from "./now";

const NOTHING = "–";
const MINUTE = 60_000;

/** US dollars. */
export function Money({ value }: { value: number | null }) {
  const { money } = useFormat();
  return <span>{value === null ? NOTHING : money(value)}</span>;
}

/** A count of tokens, 12.3K; exact in the title. */
export function Tokens({ value }: { value: number | null }) {
  const { tokens, number } = useFormat();
  return value === null ? <span>{NOTHING}</span> : <span title={number(value)}>{tokens(value)}</span>;
}

/** A length of time in ms. */
export function Duration({ ms }: { ms: number | null }) {
  const { duration } = useFormat();
  return <span>{ms === null ? NOTHING : duration(ms)}</span>;
}

/** A point in time, absolute; its seconds and time zone in the title. */
export function Moment({ at, style = "short" }: { at: Time | null; style?: MomentStyle }) {
  const { moment } = useFormat();
  if (at === null) return <span>{NOTHING}</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at, "full")}>
      {moment(at, style)}
    </time>
  );
}

/** "3 min ago"; null: `none`, else "never". */
export function TimeAgo({ at, none }: { at: Time | null; none?: string }) {
  const now = useNow();
  const t = useCommon();
  const { moment, relative } = useFormat();
  if (at === null) return <span>{none ?? t("never")}</span>;
  const past = new Date(at).getTime() - now;
  // What has just happened may seem to lie ahead, where clocks differ a little.
  const shown = past > 0 && past < MINUTE ? 0 : past;
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at, "full")}>
      {relative(shown)}
    </time>
  );
}

/** How long it is until then, ticking; nothing for null. */
export function Countdown({ until }: { until: Time | null }) {
  const now = useNow();
  const t = useCommon();
  const { moment, duration } = useFormat();
  if (until === null) return null;
  const left = new Date(until).getTime() - now;
  // Whole seconds, or the last ten would show tenths that jump.
  const shown = left > 0 ? duration(Math.ceil(left / 1000) * 1000) : t("elapsed");
  return (
    <time dateTime={new Date(until).toISOString()} title={moment(until, "full")} role="timer">
      {shown}
    </time>
  );
}
