/** What is to be said about how it stands, the worst first. Pure: the words are in messages.ts. */

import type { Values } from "~/i18n";
import type { Tone } from "~/ui";

import { listed, type Overview, shareOf, type Spend, time, whole } from "./overview";

type Name =
  | "noAccount" | "noneReady" | "attention" | "failing" | "gaps" | "limited" | "returns" | "runsOut" | "limitReached"
  | "waiting" | "allReady" | "allOff" | "nothingLost";
type Act = "addAccount" | "seeAccounts" | "seeAttention" | "seeFailed" | "seeLimited" | "seeAccount" | "seeKey";

/** One clause of the sentence: `say.<name>` with `values`; `act.<act>` leads to `to`. */
export interface Fact {
  name: Name;
  tone: Extract<Tone, "bad" | "warn" | "ok">;
  values?: Values;
  act?: Act;
  to?: string;
}

/** How values are written: a time of day, a name from outside, a share. */
export interface Writing {
  time: (at: number) => string;
  name: (text: string) => string;
  share: (value: number) => string;
}

const RANK = { bad: 0, warn: 1, ok: 2 };
/** More clauses are no sentence any more. */
const MOST = 4;
/** Fewer requests than these say nothing about failing. */
const ENOUGH = 5;
const FAILING = 0.1;
const MOSTLY = 0.5;
const RECENT_HOURS = 2;

export function facts(overview: Overview, writing: Writing): readonly Fact[] {
  const found = [...accounts(overview, writing), ...failing(overview, writing), ...records(overview, writing), ...spent(overview.spend, writing)];
  return found.sort((a, b) => RANK[a.tone] - RANK[b.tone]).slice(0, MOST);
}

function accounts({ accounts: counts, nextReturn, runsOut }: Overview, { time: at, name }: Writing): Fact[] {
  const count = (...statuses: string[]) => statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
  if (total === 0) return [{ name: "noAccount", tone: "bad", act: "addAccount", to: "/accounts?add=choose" }];
  const [active, limited, attention] = [count("active"), count("cooling", "exhausted"), count("suspended", "needs-login")];
  if (count("disabled") === total) return [{ name: "allOff", tone: "bad", values: { count: total }, act: "seeAccounts", to: "/accounts" }];
  const said: Fact[] = [];
  if (active === 0) said.push({ name: "noneReady", tone: "bad", values: { count: total }, act: "seeAccounts", to: "/accounts" });
  if (attention) said.push({ name: "attention", tone: "bad", values: { count: attention, total }, act: "seeAttention", to: "/accounts?status=attention" });
  if (limited) said.push({ name: "limited", tone: "warn", values: { count: limited, total }, act: "seeLimited", to: "/accounts?status=limited" });
  if (limited && nextReturn?.until) said.push({ name: "returns", tone: "warn", values: { label: name(nextReturn.label), time: at(time(nextReturn.until)) } });
  if (runsOut?.runsOutAt) {
    const values = { label: name(runsOut.label), time: at(time(runsOut.runsOutAt)) };
    said.push({ name: "runsOut", tone: "warn", values, act: "seeAccount", to: `/accounts/${encodeURIComponent(runsOut.accountId)}` });
  }
  if (!attention && !limited) said.push({ name: "allReady", tone: "ok", values: { count: active } });
  return said;
}

function failing({ hours }: Overview, { time: at, share }: Writing): Fact[] {
  const recent = whole(hours.slice(-RECENT_HOURS));
  const failed = (recent.counts.failed + recent.counts.cut) / Math.max(recent.total, 1);
  if (recent.total < ENOUGH || failed < FAILING) return [];
  const values = { share: share(failed), time: at(recent.from) };
  return [{ name: "failing", tone: failed >= MOSTLY ? "bad" : "warn", values, act: "seeFailed", to: listed(recent, "failed") }];
}

function records({ gaps, waiting, startedAt }: Overview, { time: at }: Writing): Fact[] {
  const lost: Fact = gaps > 0 ? { name: "gaps", tone: "bad", values: { count: gaps } } : { name: "nothingLost", tone: "ok", values: { time: at(time(startedAt)) } };
  return waiting > 0 ? [{ name: "waiting", tone: "warn", values: { count: waiting } }, lost] : [lost];
}

function spent(limits: readonly Spend[], { name }: Writing): Fact[] {
  // A limit by the minute fills again while one reads.
  const reached = limits.filter((one) => one.period !== "minute" && shareOf({ ...one, reserved: 0 }) >= 1);
  const [first] = reached;
  if (!first) return [];
  const values = { name: name(first.name), count: reached.length };
  return [{ name: "limitReached", tone: "warn", values, act: "seeKey", to: `/keys/${encodeURIComponent(first.keyId)}` }];
}
