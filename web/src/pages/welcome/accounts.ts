/** The accounts, as the guide needs them. */

import { useQuery } from "@tanstack/react-query";

import { api, of, type Schema } from "~/api/client";

export type Account = Schema<"AccountRead">;

const PAGE = 500;

export function useAccounts() {
  return useQuery({
    queryKey: ["accounts", "list", { guide: true }],
    queryFn: () => of(api.GET("/api/accounts", { params: { query: { limit: PAGE } } })),
  });
}

/** It can serve, and it is known what. */
export const isReady = (account: Account): boolean => account.status === "active" && account.hasAccessToken && account.offeredModels.length > 0;
