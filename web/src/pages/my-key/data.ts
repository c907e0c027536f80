/** What the data plane tells the holder of a key about it. */

import { useQuery } from "@tanstack/react-query";

import type { Schema } from "~/api/client";
import { gateway } from "~/api/gateway";
import type { Usage } from "~/ui/key-usage";

export interface OwnUsage {
  limits: Schema<"LimitsRead">;
  usage: Usage | null;
  stats: Schema<"Counts">;
}

/** The key is forgotten together with the page. */
export function useOwnUsage(key: string) {
  return useQuery({
    queryKey: ["gateway", "usage", key],
    queryFn: async ({ signal }) => (await (await gateway("/v1/usage", { key, signal })).json()) as OwnUsage,
    gcTime: 0,
    staleTime: 0,
    retry: false,
  });
}
