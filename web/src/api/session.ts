/** Who is signed in. */

import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";

import { ApiError, call, setCsrf } from "./client";

export interface User {
  id: string;
  name: string;
  role: "admin" | "viewer";
  builtIn: boolean;
  totp: boolean;
}

export interface Session {
  user: User;
  csrfToken: string | null;
  expiresAt: string | null;
}

export interface Credentials {
  name: string;
  password: string;
  code?: string;
}

export const SESSION = ["session"] as const;

async function fetchSession(): Promise<Session | null> {
  try {
    return await call<Session>("GET", "/api/session");
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** `session` is undefined until it is known and null when nobody is signed in. */
export function useSession() {
  const { data, error, refetch } = useQuery({ queryKey: SESSION, queryFn: () => fetchSession().then(kept) });
  return { session: data, user: data?.user, isAdmin: data?.user.role === "admin", error, retry: refetch };
}

/** The session, its token noted for the writes to come. */
function kept(session: Session | null): Session | null {
  setCsrf(session?.csrfToken ?? null);
  return session;
}

/** Nobody is signed in any more; what was fetched for them is forgotten. */
export function forget(client: QueryClient): void {
  kept(null);
  client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
  client.setQueryData(SESSION, null);
}

/** Opens and ends sessions. */
export function useSigning() {
  const client = useQueryClient();
  return {
    signIn: async (credentials: Credentials) => {
      client.setQueryData(SESSION, kept(await call<Session>("POST", "/api/session", { body: credentials })));
    },
    signOut: async () => {
      await call("DELETE", "/api/session");
      forget(client);
    },
  };
}
