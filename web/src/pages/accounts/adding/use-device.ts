/** A sign-in on another page: begun here, ended there. */

import { useEffect, useState } from "react";

import { api, asApiError, call, of, type Schema } from "~/api/client";

import type { Account } from "../kinds";

export type Begun = Schema<"LoginBegun">;
type Told = Schema<"LoginRead">;

export interface Ended {
  status: "expired" | "denied" | "failed";
  error: string | null;
}

/** Nothing tells of a sign-in by itself, so it is asked for while somebody looks. */
const ASK_MS = 1500;
const PATH = "/api/accounts/login/kiro";

export const beginLogin = (body: object) => call<Begun>("POST", PATH, { body });

/** Waits for the end of a sign-in; an account goes to `onAdded`, any other end is answered. */
export function useDevice(begun: Begun | null, onAdded: (account: Account) => void): Ended | null {
  const [ended, setEnded] = useState<Ended | null>(null);
  const id = begun?.id;
  useEffect(() => {
    setEnded(null);
    if (!id) return;
    const control = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      const told = await look(id, control.signal);
      if (control.signal.aborted) return;
      if (told.status === "pending") timer = setTimeout(() => void ask(), ASK_MS);
      else if (told.status === "done" && told.accountId) onAdded(await of(api.GET("/api/accounts/{account_id}", { params: { path: { account_id: told.accountId } } })));
      else setEnded({ status: told.status === "done" ? "failed" : told.status, error: told.error });
    };
    timer = setTimeout(() => void ask(), ASK_MS);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
    // The listener is a new one each time it is drawn; the sign-in is the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [id]);
  return ended;
}

/** How far it is. A control plane that does not answer now may do so the next time. */
async function look(id: string, signal: AbortSignal): Promise<Told> {
  try {
    return await call<Told>("GET", `${PATH}/${encodeURIComponent(id)}`, { signal });
  } catch (error) {
    const { status, message } = asApiError(error);
    if (status === 0 || status >= 500) return { status: "pending", accountId: null, error: null };
    return { status: "failed", accountId: null, error: message };
  }
}
