import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, asApiError, call, of } from "~/api/client";
import { toastDone, toastError } from "~/ui";

import { conflicts, type Draft, dropped, edited, rebased, unsaved } from "./draft";
import type { Name, Settings, Wanted } from "./fields";

export const SETTINGS = ["settings"] as const;
export const CHANGES = ["audit", "list", { action: "settings" }] as const;

/** One part of the settings, that is edited and saved by itself. */
export function useSection(live: Settings, saved: string) {
  const client = useQueryClient();
  const [draft, setDraft] = useState<Draft>({});
  const [errors, setErrors] = useState<Partial<Record<string, string>>>({});
  const [busy, setBusy] = useState(false);
  const set = (name: Name, wanted: Wanted) => {
    setDraft((before) => edited(before, live, name, wanted));
    setErrors((before) => ({ ...before, [name]: undefined }));
  };
  const write = async () => {
    // Events may be late or lost: nothing of somebody else's is overwritten unseen.
    const now = await of(api.GET("/api/settings"));
    client.setQueryData(SETTINGS, now);
    if (conflicts(draft, now).length > 0) return;
    client.setQueryData(SETTINGS, await call<Settings>("PUT", "/api/settings", { body: unsaved(draft, now) }));
    setDraft({});
    toastDone(saved);
    void client.invalidateQueries({ queryKey: CHANGES });
  };
  const save = async () => {
    setBusy(true);
    setErrors({});
    try {
      await write();
    } catch (fault) {
      const { field, message } = asApiError(fault);
      if (field !== null && field in live) setErrors({ [field]: message });
      else toastError(fault);
    }
    setBusy(false);
  };
  return {
    value: (name: Name): Wanted => draft[name]?.wanted ?? (name in draft ? null : live[name]),
    set,
    errors,
    busy,
    save,
    dirty: Object.keys(unsaved(draft, live)).length > 0,
    conflicts: conflicts(draft, live),
    keep: (name: Name) => setDraft((before) => rebased(before, live, name)),
    drop: (name: Name) => setDraft((before) => dropped(before, name)),
    discard: () => {
      setDraft({});
      setErrors({});
    },
  };
}

export type SectionState = ReturnType<typeof useSection>;
