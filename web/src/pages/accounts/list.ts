/** The list of accounts without its looks: which are shown, and what is to be said of all of them. */

import type { Account } from "./kinds";

export type Status = Account["status"];

export const STATUSES = ["active", "cooling", "exhausted", "suspended", "needs-login", "disabled"] as const satisfies readonly Status[];

export interface Filters {
  q: string;
  status: string;
  kind: string;
}

/** States that several filters stand for: what passes by itself, and what waits for a person. */
export const GROUPS = { limited: ["cooling", "exhausted"], attention: ["suspended", "needs-login"] } as const satisfies Record<string, readonly Status[]>;
export type GroupName = keyof typeof GROUPS;

const isGroup = (name: string): name is GroupName => name in GROUPS;

export function inStatus(status: Status, wanted: string): boolean {
  if (isGroup(wanted)) return (GROUPS[wanted] as readonly Status[]).includes(status);
  return !wanted || status === wanted;
}

/** Those that pass the filters, in their order. Text is looked for in what people know an account by. */
export function matching(accounts: readonly Account[], { q, status, kind }: Filters): Account[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return accounts.filter((account) => {
    if (!inStatus(account.status, status) || (kind && account.kind !== kind)) return false;
    const text = [account.label, account.id, account.reason, account.region, account.baseUrl, account.allowance?.email, account.allowance?.plan].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface Summary {
  total: number;
  active: number;
  limited: number;
  attention: number;
  disabled: number;
  /** Who is the first to come back by itself. */
  next: Account | null;
}

export function summarise(accounts: readonly Account[]): Summary {
  const count = (wanted: string) => accounts.filter((account) => inStatus(account.status, wanted)).length;
  const returning = accounts.filter((account) => inStatus(account.status, "limited") && account.until !== null);
  const time = (account: Account) => Date.parse(account.until ?? "");
  const next = returning.reduce<Account | null>((first, account) => (first && time(first) <= time(account) ? first : account), null);
  return { total: accounts.length, active: count("active"), limited: count("limited"), attention: count("attention"), disabled: count("disabled"), next };
}

/** What went wrong last, as far as it still matters: what rests it, else the commonest fault of the last minutes. */
export interface Fault {
  cause: string;
  /** Only this model of it rests. */
  model: string | null;
  reason: string;
  until: string | null;
  count: number;
}

export function lastFault({ breakers, healthParts }: Account): Fault | null {
  const breaker = breakers[0];
  if (breaker) return { ...breaker, until: breaker.state === "open" ? breaker.until : null, count: 0 };
  const [worst] = Object.entries(healthParts.faults).sort(([, a], [, b]) => b - a);
  return worst ? { cause: worst[0], model: null, reason: "", until: null, count: worst[1] } : null;
}

/** How much of its allowance is used, 0 to 1; -1 where there is none, so that such sort together. */
export function usedShare({ allowance }: Account): number {
  return allowance && allowance.limit > 0 ? allowance.used / allowance.limit : -1;
}
