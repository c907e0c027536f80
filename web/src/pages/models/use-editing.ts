import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { api, asApiError, call, of } from "~/api/client";
import { toastDone, toastError } from "~/ui";

import { MODELS, ROUTES, useDraft } from "./data";
import { type EditedRoute, isDirty, isOutdated, newRoute, placeOf, plain } from "./draft";
import type { Route } from "./parts";

export interface Fault {
  key: string;
  /** "name", "targets", "targets[1].model" */
  field: string;
  message: string;
}

/** The routes as they are edited, and saving them all at once. */
export function useEditing(server: readonly Route[], saved: string) {
  const client = useQueryClient();
  const { draft, begun, edit, rebase, discard } = useDraft(server);
  const [open, setOpen] = useState<string | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [busy, setBusy] = useState(false);
  const dirty = begun && isDirty(draft);
  useWarning(dirty);
  const write = async () => {
    // Somebody may have changed them since: what is not known is not overwritten.
    const now = await of(api.GET("/api/routes"));
    client.setQueryData(ROUTES, now);
    if (isOutdated(draft, now.routes)) return;
    client.setQueryData(ROUTES, await call<typeof now>("PUT", "/api/routes", { body: { routes: draft.routes.map(plain) } }));
    discard();
    setOpen(null);
    toastDone(saved);
    void client.invalidateQueries({ queryKey: MODELS });
  };
  const save = async () => {
    setBusy(true);
    setFault(null);
    try {
      await write();
    } catch (error) {
      const { field, message } = asApiError(error);
      const place = field === null ? null : placeOf(field, draft.routes);
      if (!place) toastError(error);
      else {
        setFault({ ...place, message: message.replace(`${field} `, "") });
        setOpen(place.key);
      }
    }
    setBusy(false);
  };
  return {
    draft,
    dirty,
    busy,
    open,
    setOpen,
    fault,
    save,
    outdated: dirty && isOutdated(draft, server),
    overwrite: () => rebase(server),
    discard: () => {
      discard();
      setFault(null);
      setOpen(null);
    },
    add: () => {
      const made = newRoute();
      edit([made, ...draft.routes]);
      setOpen(made.key);
    },
    change: (route: EditedRoute) => {
      edit(draft.routes.map((other) => (other.key === route.key ? route : other)));
      if (fault?.key === route.key) setFault(null);
    },
    remove: (key: string) => edit(draft.routes.filter((route) => route.key !== key)),
  };
}

export type Editing = ReturnType<typeof useEditing>;

/** Asks before the window is closed over unsaved work. */
function useWarning(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [dirty]);
}
