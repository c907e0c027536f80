/** Events change what was fetched before, so that no list has to be fetched again.
 *
 * Keys of queries: a list is [noun, "list", filters], one object [noun, "one", id]; noun: "accounts", "keys", "requests".
 */

import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";

export interface Row {
  id: string;
  deleted?: boolean;
}

type Page = Record<string, unknown>;

/** `page` with `row` in the place of the one of its id, or without that; the same object when it does not hold it. */
export function patchPage(page: Page, plural: string, row: Row): Page {
  const rows = page[plural];
  if (!Array.isArray(rows) || !rows.some((found: Row) => found.id === row.id)) return page;
  if (!row.deleted) return { ...page, [plural]: rows.map((found: Row) => (found.id === row.id ? row : found)) };
  const total = typeof page.total === "number" ? { total: page.total - 1 } : {};
  return { ...page, [plural]: rows.filter((found: Row) => found.id !== row.id), ...total };
}

/** The same for a list that may be in pages. */
export function patchList(data: unknown, plural: string, row: Row): unknown {
  if (typeof data !== "object" || data === null) return data;
  if (!("pages" in data)) return patchPage(data as Page, plural, row);
  const { pages, pageParams } = data as InfiniteData<Page>;
  const patched = pages.map((page) => patchPage(page, plural, row));
  return patched.every((page, index) => page === pages[index]) ? data : { pages: patched, pageParams };
}

/** Puts `row` into every list and detail that shows it; lists that lack it are fetched anew, since it may belong there. */
export function patchRow(client: QueryClient, plural: string, row: Row): void {
  const one: QueryKey = [plural, "one", row.id];
  if (row.deleted) client.removeQueries({ queryKey: one });
  else client.setQueryData(one, row);
  for (const [key, data] of client.getQueriesData({ queryKey: [plural, "list"] })) {
    const patched = patchList(data, plural, row);
    if (patched !== data) client.setQueryData(key, patched);
    else if (!row.deleted) void client.invalidateQueries({ queryKey: key, exact: true });
  }
}
