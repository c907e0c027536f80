import { skipToken, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, of } from "~/api/client";

import { type Draft, drafted } from "./draft";
import type { Route } from "./parts";

const MOST = 500;
const query = { limit: MOST };
export const MODELS = ["models", "list", {}] as const;
export const ROUTES = ["routes", "list", {}] as const;
export const PRICES = ["prices", "list", {}] as const;
/** With the rest that was fetched it is forgotten at sign-out. */
const DRAFT = ["routes", "draft"] as const;

// No events tell of these three, so they are asked for anew whenever the page is shown.
export const useModels = () => useQuery({ queryKey: MODELS, queryFn: () => of(api.GET("/api/models", { params: { query } })), staleTime: 0 });
export const useRoutes = () => useQuery({ queryKey: ROUTES, queryFn: () => of(api.GET("/api/routes")), staleTime: 0 });
export const usePrices = () => useQuery({ queryKey: PRICES, queryFn: () => of(api.GET("/api/prices", { params: { query } })), staleTime: 0 });
export const useAccounts = () => useQuery({ queryKey: ["accounts", "list", query], queryFn: () => of(api.GET("/api/accounts", { params: { query } })) });

/** Unsaved routes; they stay while other tabs and pages are looked at. */
export function useDraft(server: readonly Route[] | undefined) {
  const client = useQueryClient();
  const { data } = useQuery<Draft | null>({ queryKey: DRAFT, queryFn: skipToken, gcTime: Infinity, staleTime: Infinity });
  const draft = data ?? drafted(server ?? []);
  const keep = (kept: Draft | null) => void client.setQueryData<Draft | null>(DRAFT, () => kept);
  return {
    draft,
    begun: data != null,
    edit: (routes: Draft["routes"]) => keep({ base: draft.base, routes }),
    /** What others did meanwhile was seen. */
    rebase: (base: readonly Route[]) => keep({ base, routes: draft.routes }),
    discard: () => keep(null),
  };
}
