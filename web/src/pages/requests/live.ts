/** Requests that end while the list is shown. Pure. */

import type { Row } from "./filters";

/** So many rows are kept at most. */
export const MOST = 200;
export const PAGE = 50;

/** `fresh` are shown above what was fetched; `waiting` are behind the pill, of `arrived` that came. Newest first. */
export interface Live {
  fresh: readonly Row[];
  waiting: readonly Row[];
  arrived: number;
}

export const NOTHING: Live = { fresh: [], waiting: [], arrived: 0 };

/** `batch` has arrived, oldest first; while the list flows it is shown at once, with all that waited. */
export function heard(live: Live, batch: readonly Row[], flows: boolean): Live {
  const newest = [...batch].reverse();
  if (!flows) return { ...live, waiting: [...newest, ...live.waiting].slice(0, MOST), arrived: live.arrived + batch.length };
  return { fresh: [...newest, ...live.waiting, ...live.fresh].slice(0, MOST), waiting: [], arrived: 0 };
}

/** What is shown: by the time they were received, newest first, each once. `more`: the fetched ones go on behind their
 * last, so what is older than that has its place there.
 */
export function merged(fresh: readonly Row[], fetched: readonly Row[], more: boolean): readonly Row[] {
  if (fresh.length === 0) return fetched;
  const known = new Set(fetched.map((row) => row.requestId));
  const last = fetched.at(-1);
  const oldest = more && last ? received(last) : -Infinity;
  const added = fresh.filter((row) => !known.has(row.requestId) && received(row) >= oldest);
  return added.length === 0 ? fetched : [...added, ...fetched].sort((a, b) => received(b) - received(a));
}

const received = (row: Row): number => (row.receivedAt === null ? 0 : Date.parse(row.receivedAt));
