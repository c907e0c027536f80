/** Why an account is used, or is not, in one sentence. */

import type { Schema } from "~/api/client";

import type { Account } from "../kinds";

export type Decision = Schema<"DecisionRead">;

export type Verdict =
  | { say: "disabled" | "suspended" | "needs-login" | "cooling" | "exhausted" | "none" }
  | { say: "always" | "outscored"; total: number }
  | { say: "used"; total: number; chosen: number; why: Decision | null }
  | { say: "excluded"; total: number; why: Decision };

/** How it stands comes first: that decides whether it is asked now, whatever happened before. */
export function verdict(account: Pick<Account, "status">, decisions: readonly Decision[]): Verdict {
  if (account.status !== "active") return { say: account.status };
  // A choice that it was no part of says nothing about it.
  const choices = decisions.filter((one) => one.result !== "absent");
  const total = choices.length;
  if (total === 0) return { say: "none" };
  const chosen = choices.filter((one) => one.result === "chosen").length;
  if (chosen === total) return { say: "always", total };
  const why = commonest(choices);
  if (chosen > 0) return { say: "used", total, chosen, why };
  return why && why.result === "excluded" ? { say: "excluded", total, why } : { say: "outscored", total };
}

/** The commonest reason of those that did not end in its being chosen; of two the newer. */
function commonest(choices: readonly Decision[]): Decision | null {
  const counts = new Map<string, { count: number; one: Decision }>();
  for (const one of choices) {
    if (one.result === "chosen") continue;
    const name = one.rule ?? one.result;
    const found = counts.get(name);
    if (found) found.count += 1;
    else counts.set(name, { count: 1, one });
  }
  return [...counts.values()].reduce<{ count: number; one: Decision } | null>((best, each) => (best && best.count >= each.count ? best : each), null)?.one ?? null;
}
