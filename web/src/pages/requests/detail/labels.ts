/** What accounts and keys of a request are called, by id; the id where nobody knows. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { api, of, type Schema } from "~/api/client";

import { useNames } from "../names";

export interface Labels {
  (accountId: string): string;
  key: (keyId: string) => string;
}

/** So many labels are fetched; others are shown by their id. */
const MOST = 500;

export function useLabels(row: Schema<"RequestRead"> | undefined): Labels {
  const { keyOf } = useNames();
  const { data } = useQuery({
    queryKey: ["accounts", "list", { limit: MOST }],
    queryFn: () => of(api.GET("/api/accounts", { params: { query: { limit: MOST } } })),
    enabled: row !== undefined,
  });
  const known = useMemo(() => new Map(data?.accounts.map(({ id, label }) => [id, label])), [data]);
  const labels = (id: string) => known.get(id) ?? (row?.accountId === id ? row.accountLabel : null) ?? id;
  return Object.assign(labels, { key: (id: string) => (row?.keyId === id ? keyOf(row) : id) });
}
