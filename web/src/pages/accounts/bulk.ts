/** One act on many accounts: each succeeds or fails by itself. */

import { useState } from "react";

import { asApiError } from "~/api/client";

import { type Acts, useActs } from "./data";
import type { Account } from "./kinds";

export const DEEDS = ["enable", "disable", "refresh", "verify", "delete"] as const;
export type BulkDeed = (typeof DEEDS)[number];

export interface Line {
  account: Account;
  state: "waiting" | "running" | "ok" | "failed" | "restored";
  /** What went wrong. */
  error: unknown;
}

/** So many at a time: each may mean a call of the provider. */
const TOGETHER = 4;

async function perform(acts: Acts, deed: BulkDeed, account: Account): Promise<void> {
  if (deed === "delete") return acts.remove(account);
  if (deed !== "verify") return void (await acts[deed](account));
  const { error } = await acts.verify(account);
  if (error !== null) throw new Error(error);
}

/** Calls `work` for each, TOGETHER at a time, and tells how each fares. */
export async function each(accounts: readonly Account[], work: (account: Account) => Promise<void>, told: (id: string, state: Line["state"], error?: unknown) => void): Promise<void> {
  const waiting = [...accounts];
  const worker = async () => {
    for (let account = waiting.shift(); account; account = waiting.shift()) {
      told(account.id, "running");
      try {
        await work(account);
        told(account.id, "ok");
      } catch (error) {
        told(account.id, "failed", asApiError(error));
      }
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, worker));
}

export interface Job {
  deed: BulkDeed;
  lines: readonly Line[];
}

/** The act under way, or the last one, until it is put away. */
export function useBulk() {
  const acts = useActs();
  const [job, setJob] = useState<Job | null>(null);
  const [busy, setBusy] = useState(false);
  const told = (id: string, state: Line["state"], error: unknown = null) =>
    setJob((before) => before && { ...before, lines: before.lines.map((line) => (line.account.id === id ? { ...line, state, error } : line)) });
  const work = async (accounts: readonly Account[], one: (account: Account) => Promise<void>, tell = told) => {
    setBusy(true);
    await each(accounts, one, tell);
    setBusy(false);
  };
  return {
    job,
    busy,
    start: (deed: BulkDeed, accounts: readonly Account[]) => {
      setJob({ deed, lines: accounts.map((account) => ({ account, state: "waiting", error: null })) });
      void work(accounts, (account) => perform(acts, deed, account));
    },
    again: () => {
      if (!job) return;
      const failed = job.lines.filter((line) => line.state === "failed").map((line) => line.account);
      void work(failed, (account) => perform(acts, job.deed, account));
    },
    /** Of a deletion. */
    undo: () => {
      const gone = job?.lines.filter((line) => line.state === "ok").map((line) => line.account) ?? [];
      const restore = async (account: Account) => void (await acts.restore(account));
      void work(gone, restore, (id, state, error) => told(id, state === "ok" ? "restored" : state, error));
    },
    clear: () => setJob(null),
  };
}

export type Bulk = ReturnType<typeof useBulk>;
