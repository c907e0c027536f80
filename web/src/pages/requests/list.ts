import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { api, of } from "~/api/client";
import { useEvent } from "~/api/events";

import { asked, type Filters, isOver, matches, type Row } from "./filters";
import { heard, type Live, merged, MOST, NOTHING, PAGE } from "./live";

/** Arrivals are shown together, so that a hundred a second are four changes of the page. */
const GATHER_MS = 250;
/** Scrolled further than this, nobody wants rows to move. */
const TOP_PX = 160;

/** The list as it is shown: fetched pages, and above them what ended since. */
export function useRequests(filters: Filters, wanted: boolean) {
  const client = useQueryClient();
  const queryKey = useMemo(() => ["requests", "list", filters], [filters]);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      of(api.GET("/api/requests", { params: { query: { ...asked(filters, Date.now()), limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    // Without it pages could not be left out; the way back is to the newest.
    getPreviousPageParam: () => undefined,
    maxPages: MOST / PAGE,
    // Requests end all the time, and nobody heard of them while the page was not shown.
    staleTime: 0,
  });
  const pages = query.data?.pages;
  const single = (pages?.length ?? 0) <= 1;
  const [live, setLive] = useArrivals(filters, wanted && single);
  const more = query.hasNextPage;
  const rows = useMemo(() => merged(live.fresh, (pages ?? []).flatMap((page) => page.requests), more), [live.fresh, pages, more]);

  // Too many have come: the newest page again, which the next one follows without a gap.
  const { refetch } = query;
  const tooMany = single && rows.length > MOST;
  useEffect(() => {
    if (tooMany) void refetch();
  }, [tooMany, refetch]);

  const toNewest = () => {
    window.scrollTo({ top: 0 });
    if (single && live.arrived <= live.waiting.length) return setLive((before) => heard(before, [], true));
    setLive(NOTHING);
    void client.resetQueries({ queryKey });
  };
  return { query, rows: rows.length > MOST ? rows.slice(0, MOST) : rows, live, single, cut: query.data?.pageParams[0] != null, toNewest };
}

/** What ends and fits the filters; begins anew when they change. */
function useArrivals(filters: Filters, flowing: boolean) {
  const [live, setLive] = useState<Live>(NOTHING);
  const [since, setSince] = useState(filters);
  if (since !== filters) {
    setSince(filters);
    setLive(NOTHING);
  }
  const batch = useRef<Row[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const latest = useRef({ filters, flowing });
  useEffect(() => {
    latest.current = { filters, flowing };
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const flush = () => {
    timer.current = undefined;
    const now = Date.now();
    const fit = batch.current.filter((row) => matches(row, latest.current.filters, now));
    batch.current = [];
    if (fit.length > 0) setLive((before) => heard(before, fit, latest.current.flowing && window.scrollY < TOP_PX));
  };
  useEvent("request", (row) => {
    if (isOver(filters, Date.now())) return;
    batch.current.push(row);
    timer.current ??= setTimeout(flush, GATHER_MS);
  });
  return [live, setLive] as const;
}
