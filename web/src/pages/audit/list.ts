import { type InfiniteData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { api, of, type Schema } from "~/api/client";
import { useEvent } from "~/api/events";

export const NAMES = ["actor", "action", "target"] as const;
export type Filters = Record<(typeof NAMES)[number], string>;
export type Change = Schema<"ChangeRead">;
type List = Schema<"ChangeList">;

const PAGE = 50;
/** Events come before their notes are written, and many at once. */
const SETTLE_MS = 1500;

const wanted = (filters: Filters) => Object.fromEntries(NAMES.map((name) => [name, filters[name] || undefined]));

export function useChanges(filters: Filters) {
  const client = useQueryClient();
  const queryKey = useMemo(() => ["audit", "list", filters], [filters]);
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => of(api.GET("/api/audit", { params: { query: { ...wanted(filters), limit: PAGE, cursor: pageParam } }, signal })),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    // Nobody hears of what is noted while the page is not shown.
    staleTime: 0,
  });
  const changes = query.data?.pages.flatMap((page) => page.changes) ?? [];
  const [fresh, forget] = useFresh(filters, () => client.getQueryData<InfiniteData<List>>(queryKey)?.pages[0]?.changes[0]?.id);
  const renew = () => {
    forget();
    window.scrollTo({ top: 0 });
    void client.resetQueries({ queryKey });
  };
  return { query, changes, fresh, renew };
}

/** Whether there are entries newer than `first`; asked when something was changed, and only then. */
function useFresh(filters: Filters, first: () => number | undefined) {
  const [newest, setNewest] = useState<{ filters: Filters; id: number } | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const asked = useRef({ filters, first });
  useEffect(() => {
    asked.current = { filters, first };
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const look = async () => {
    timer.current = undefined;
    const { filters: by, first: known } = asked.current;
    const page = await of(api.GET("/api/audit", { params: { query: { ...wanted(by), limit: 1 } } })).catch(() => null);
    const id = page?.changes[0]?.id;
    if (id !== undefined && id !== known()) setNewest({ filters: by, id });
  };
  const heard = () => void (timer.current ??= setTimeout(() => void look(), SETTLE_MS));
  useEvent("settings", heard);
  useEvent("account", heard);
  useEvent("key", heard);
  return [newest?.filters === filters, () => setNewest(null)] as const;
}
