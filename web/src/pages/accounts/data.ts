/** The accounts, and what is done with them. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, call, of } from "~/api/client";
import { patchRow } from "~/api/patching";
import { deleteWithUndo } from "~/ui";

import type { Account } from "./kinds";

/** The largest page the server gives. */
const PAGE = 500;

/** All of them, since they are sorted and counted here. */
async function fetchAll() {
  const accounts: Account[] = [];
  for (let cursor: string | null = null, first = true; first || cursor; first = false) {
    const page: { accounts: Account[]; nextCursor: string | null } = await of(api.GET("/api/accounts", { params: { query: { limit: PAGE, cursor } } }));
    accounts.push(...page.accounts);
    cursor = page.nextCursor;
  }
  return { accounts, total: accounts.length };
}

export function useAccounts() {
  return useQuery({ queryKey: ["accounts", "list", {}], queryFn: fetchAll });
}

const path = (id: string, act = "") => `/api/accounts/${encodeURIComponent(id)}${act && `/${act}`}`;

export type Act = "enable" | "disable" | "refresh" | "verify";

/** Acts on one account; each answers how it stands then, which all lists show at once. Throws ApiError. */
export function actsOf(client: QueryClient) {
  const kept = (account: Account) => {
    patchRow(client, "accounts", account);
    return account;
  };
  const remove = async ({ id }: Account) => {
    await call("DELETE", path(id));
    patchRow(client, "accounts", { id, deleted: true });
  };
  const restore = async ({ id }: Account) => kept(await call<Account>("POST", path(id, "restore")));
  return {
    enable: async ({ id }: Account) => kept(await call<Account>("POST", path(id, "enable"))),
    disable: async ({ id }: Account) => kept(await call<Account>("POST", path(id, "disable"))),
    refresh: async ({ id }: Account) => kept(await call<Account>("POST", path(id, "refresh"))),
    /** `error` is null when the provider says that it works. */
    verify: async ({ id }: Account) => {
      const found = await call<{ valid: boolean; error: string | null; account: Account }>("POST", path(id, "verify"));
      kept(found.account);
      return found;
    },
    allowance: async (account: Account) => {
      const allowance = await call<NonNullable<Account["allowance"]>>("GET", path(account.id, "usage"));
      return kept({ ...account, allowance });
    },
    change: async ({ id }: Account, body: object) => kept(await call<Account>("PUT", path(id), { body })),
    remove,
    restore,
    removeWithUndo: (account: Account) =>
      deleteWithUndo({ label: account.label, delete: () => remove(account), restore: () => restore(account) }),
  };
}

export type Acts = ReturnType<typeof actsOf>;

export const useActs = (): Acts => actsOf(useQueryClient());

/** Made just now: it is in the list before its event comes. */
export function useMade() {
  const client = useQueryClient();
  return (account: Account) => patchRow(client, "accounts", account);
}
