import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { api, of, type Schema } from "~/api/client";
import { useEvent } from "~/api/events";

import type { Name } from "./fields";
import { CHANGES } from "./use-section";

export type Change = Schema<"ChangeRead">;

const LATEST = 100;
/** The event of a change comes before its note is written. */
const SETTLE_MS = 800;

/** Who changed the settings, newest first. */
export function useChanges() {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvent("settings", () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void client.invalidateQueries({ queryKey: CHANGES }), SETTLE_MS);
  });
  return useQuery({
    queryKey: CHANGES,
    queryFn: () => of(api.GET("/api/audit", { params: { query: { action: "settings", limit: LATEST } } })),
    staleTime: 0,
  });
}

/** The latest of these changes that was about this setting. */
export function lastOf(changes: readonly Change[], name: Name): Change | undefined {
  return changes.find(({ after }) => after !== null && name in after);
}
