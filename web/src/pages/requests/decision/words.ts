/** Words for what a record says in codes; what this release does not know is shown as it is. */

import { useMemo } from "react";

import { type Text, useText } from "~/i18n";
import { useFormat } from "~/i18n/format";

import { messages } from "./messages";
import type { Denied, Exclusion } from "./steps";

type Key = Parameters<Text<keyof typeof messages.en>>[0];

/** Text from outside within a sentence: its direction ends where it does. */
export const isolated = (text: string): string => `\u2068${text}\u2069`;

export function useWords() {
  const t = useText(messages);
  const { number } = useFormat();
  return useMemo(() => {
    const known = (space: string, code: string) => {
      const name = `${space}.${code}`;
      return name in messages.en ? t(name as Key) : code;
    };
    const fault = (code: string) => known("fault", code);
    return {
      fault,
      reason: (code: string) => known("reason", code),
      lack: (code: string) => known("lack", code),
      part: (name: string) => known("part", name),
      rule: (name: string) => known("rule", name),
      value: (exclusion: Exclusion) => value(exclusion, t, fault),
      /** What kind of limit it was: "tokens a day". */
      limit: ({ unit, period }: Pick<Denied, "unit" | "period">) => {
        if (!unit) return t("limit.concurrency");
        const name = `limit.${unit}`;
        return name in messages.en ? t(name as Key, { period: known("period", period ?? "total") }) : unit;
      },
      number,
    };
  }, [t, number]);
}

const IN_A_ROW = /^(\S+), (\d+) in a row$/;
const NAMED = /^(.+) was named$/;
const ALLOWED = /^not among the key's (\d+)$/;
const LEFT = /^(\S+) of (\S+) left$/;

/** The value that decided, as `exclusions.py` writes it. Rules that say it all have one that only repeats them. */
function value({ rule, value: told }: Exclusion, t: Text<keyof typeof messages.en>, fault: (code: string) => string): string {
  if (told === rule) return "";
  const row = IN_A_ROW.exec(told);
  if (row) return t("value.row", { cause: fault(row[1] ?? ""), count: Number(row[2]) });
  const named = NAMED.exec(told);
  if (named) return t("value.named", { what: isolated(named[1] ?? "") });
  const allowed = ALLOWED.exec(told);
  if (allowed) return t("value.allowed", { count: Number(allowed[1]) });
  const left = LEFT.exec(told);
  if (left) return t("value.left", { left: left[1] ?? "", limit: left[2] ?? "" });
  return told;
}
