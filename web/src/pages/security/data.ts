/** Users, sessions and tokens. No events tell of them, so they are asked for anew whenever the page is shown. */

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { api, of, type Schema } from "~/api/client";
import { SESSION } from "~/api/session";

export type Session = Schema<"SessionRow">;
export type User = Schema<"UserRead">;
export type Token = Schema<"TokenRead">;

const MOST = 500;
const query = { limit: MOST };
const KEYS = { sessions: ["sessions"], users: ["users"], tokens: ["tokens"] } as const;

export const useSessions = () => useQuery({ queryKey: KEYS.sessions, queryFn: () => of(api.GET("/api/sessions", { params: { query } })), staleTime: 0 });
export const useUsers = () => useQuery({ queryKey: KEYS.users, queryFn: () => of(api.GET("/api/users", { params: { query } })), staleTime: 0 });
export const useTokens = () => useQuery({ queryKey: KEYS.tokens, queryFn: () => of(api.GET("/api/tokens", { params: { query } })), staleTime: 0 });

/** After a change: what shows it is fetched anew, oneself included. */
export function useRenewed() {
  const client = useQueryClient();
  return (...names: (keyof typeof KEYS | "self")[]) =>
    Promise.all(names.map((name) => client.invalidateQueries({ queryKey: name === "self" ? SESSION : KEYS[name] })));
}
