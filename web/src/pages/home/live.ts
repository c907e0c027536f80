/** The figures, and how they stay true: by events, and by fetching anew at most twice a minute while something happens. */

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, of } from "~/api/client";
import { useEvent } from "~/api/events";

import { folded } from "./folding";
import type { Overview, Request } from "./overview";

/** Between two fetches that events cause. */
const APART_MS = 30_000;
/** What has just ended is in the database by then. */
const WRITTEN_MS = 2000;
/** Events of so long are shown together, or a busy gateway would draw the page all the time. */
const GATHERED_MS = 500;

/** `open`: requests under way. */
export function useOverview(hours: number) {
  const key = ["overview", hours];
  const client = useQueryClient();
  const query = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => of(api.GET("/api/overview", { params: { query: { hours } }, signal })),
    placeholderData: keepPreviousData,
    // Nobody listened while another page was shown.
    staleTime: 0,
  });
  const soon = useSoon(query.dataUpdatedAt, () => void query.refetch());
  useEnded((rows) => {
    client.setQueryData<Overview>(key, (before) => before && folded(before, rows, Date.now()));
    soon();
  });
  useEvent("account", soon);
  useEvent("key", soon);
  return { query, open: useOpen(query.data) };
}

/** Requests as they end, a few at a time. */
function useEnded(tell: (rows: readonly Request[]) => void): void {
  const gathered = useRef<Request[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef(tell);
  useEffect(() => {
    latest.current = tell;
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvent("request", (row) => {
    gathered.current.push(row);
    if (gathered.current.length > 1) return;
    timer.current = setTimeout(() => latest.current(gathered.current.splice(0)), GATHERED_MS);
  });
}

/** A function that has `fetch` called soon, but never again within half a minute. */
function useSoon(updatedAt: number, fetch: () => void): () => void {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const last = useRef(0);
  const latest = useRef(fetch);
  useEffect(() => {
    latest.current = fetch;
    last.current ||= updatedAt;
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return useCallback(() => {
    if (timer.current !== undefined) return;
    const wait = Math.max(WRITTEN_MS, last.current + APART_MS - Date.now());
    timer.current = setTimeout(() => {
      timer.current = undefined;
      last.current = Date.now();
      latest.current();
    }, wait);
  }, []);
}

/** Requests under way: those of accounts that events told of, and the rest as it was fetched. */
function useOpen(data: Overview | undefined): number {
  const [heard, setHeard] = useState<Readonly<Record<string, number>>>({});
  const [fetched, setFetched] = useState<{ at?: string | null; rest: number }>({ rest: 0 });
  useEvent("account", (account) => setHeard((before) => ({ ...before, [account.id]: "deleted" in account ? 0 : account.inFlight })));
  const told = Object.values(heard).reduce((sum, count) => sum + count, 0);
  if (data && data.at !== fetched.at) setFetched({ at: data.at, rest: Math.max(0, data.openRequests - told) });
  return fetched.rest + told;
}
