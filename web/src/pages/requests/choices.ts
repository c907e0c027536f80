/** What can be chosen in filters, fetched when a list is opened or has to name what the address says. */

import { useQuery } from "@tanstack/react-query";

import { api, of } from "~/api/client";
import type { Option } from "~/ui";

const LARGEST_PAGE = 500;
const FRESH_MS = 60_000;

interface Page {
  options: Option[];
  next: string | null;
}

/** All pages of a list, one after the other. */
async function all(page: (cursor: string | null) => Promise<Page>): Promise<Option[]> {
  const found: Option[] = [];
  let cursor: string | null = null;
  do {
    const { options, next }: Page = await page(cursor);
    found.push(...options);
    cursor = next;
  } while (cursor !== null);
  return found;
}

const accounts = () =>
  all(async (cursor) => {
    const answer = await of(api.GET("/api/accounts", { params: { query: { limit: LARGEST_PAGE, cursor } } }));
    return { options: answer.accounts.map(({ id, label }) => ({ value: id, label })), next: answer.nextCursor };
  });

const keys = () =>
  all(async (cursor) => {
    const answer = await of(api.GET("/api/keys", { params: { query: { limit: LARGEST_PAGE, cursor } } }));
    return { options: answer.keys.map(({ id, name }) => ({ value: id, label: name })), next: answer.nextCursor };
  });

const SOURCES = { accounts, keys };

export function useChoices(what: keyof typeof SOURCES, enabled: boolean) {
  return useQuery({ queryKey: ["choices", what], queryFn: SOURCES[what], enabled, staleTime: FRESH_MS });
}
