/** The keys, and what is done with them. */

import { type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, call, of, type Schema } from "~/api/client";
import { patchRow } from "~/api/patching";
import { deleteWithUndo } from "~/ui";

export type Key = Schema<"KeyRead">;
export type Order = Schema<"Order">;

/** Orders beside that of their making. */
export const ORDERS = ["name", "requests", "cost"] as const satisfies readonly Order[];
const PAGE = 100;
/** The largest page the server gives. */
const LARGEST = 500;

export interface Filters {
  q: string;
  enabled: string;
  sort: string;
}

const order = (text: string): Order => ORDERS.find((name) => name === text) ?? "created";

/** There may be very many, so the server searches and sorts. */
export function useKeys({ q, enabled, sort }: Filters) {
  const query = { text: q || null, enabled: enabled === "" ? null : enabled === "yes", sort: order(sort), limit: PAGE };
  return useInfiniteQuery({
    queryKey: ["keys", "list", query],
    queryFn: ({ pageParam, signal }) => of(api.GET("/api/keys", { params: { query: { ...query, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
}

export function useKey(id: string) {
  return useQuery({
    queryKey: ["keys", "one", id],
    queryFn: ({ signal }) => of(api.GET("/api/keys/{key_id}", { params: { path: { key_id: id } }, signal })),
  });
}

/** Every name that a request may ask for, without those of labels. */
export function useModelNames(): readonly string[] {
  const { data } = useQuery({ queryKey: ["models", "list", { limit: LARGEST }], queryFn: () => of(api.GET("/api/models", { params: { query: { limit: LARGEST } } })) });
  const names = data?.models.flatMap((model) => [...model.routes, model.id, ...model.aliases]) ?? [];
  return [...new Set(names)].sort();
}

export interface Choice {
  value: string;
  label: string;
}

/** Accounts by id; ids that are gone stand for themselves. */
export function useAccountNames(): readonly Choice[] {
  const { data } = useQuery({
    queryKey: ["accounts", "list", { limit: LARGEST }],
    queryFn: () => of(api.GET("/api/accounts", { params: { query: { limit: LARGEST } } })),
  });
  return data?.accounts.map(({ id, label }) => ({ value: id, label })) ?? [];
}

const path = (id: string, act = "") => `/api/keys/${encodeURIComponent(id)}${act && `/${act}`}`;

/** Each answers once all lists show what it did. Throws ApiError. */
function actsOf(client: QueryClient) {
  const kept = (key: Key) => {
    patchRow(client, "keys", key);
    return key;
  };
  const remove = async ({ id }: Key) => {
    await call("DELETE", path(id));
    patchRow(client, "keys", { id, deleted: true });
  };
  return {
    /** The answer's secret goes to whoever asked and nowhere else. */
    create: async (body: object) => {
      const { key: secret, ...made } = await call<Schema<"KeyCreated">>("POST", "/api/keys", { body });
      return { key: kept(made), secret };
    },
    change: async (id: string, body: object) => kept(await call<Key>("PUT", path(id), { body })),
    rotate: async (id: string, graceSeconds: number) => {
      const { key } = await call<Schema<"KeyRotated">>("POST", path(id, "rotate"), { body: { graceSeconds } });
      void client.invalidateQueries({ queryKey: ["keys"] });
      return key;
    },
    check: (id: string, body: object) => call<Schema<"Checked">>("POST", path(id, "check"), { body }),
    removeWithUndo: (key: Key) =>
      deleteWithUndo({
        label: key.name,
        delete: () => remove(key),
        restore: async () => kept(await call<Key>("POST", path(key.id, "restore"))),
      }),
  };
}

export const useActs = () => actsOf(useQueryClient());
