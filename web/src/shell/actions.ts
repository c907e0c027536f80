/** What pages offer in the palette. */

import type { TablerIcon } from "@tabler/icons-react";
import { useEffect, useId, useRef, useSyncExternalStore } from "react";

export interface Action {
  id: string;
  label: string;
  icon: TablerIcon;
  run: () => void;
}

let offered: ReadonlyMap<string, readonly Action[]> = new Map();
let flat: readonly Action[] = [];
const watchers = new Set<() => void>();

function offer(owner: string, actions: readonly Action[] | null): void {
  const changed = new Map(offered);
  if (actions) changed.set(owner, actions);
  else changed.delete(owner);
  offered = changed;
  flat = [...changed.values()].flat();
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => void watchers.delete(watcher);
}

/** Offers `actions` in the palette while the component lives. */
export function useActions(actions: readonly Action[]): void {
  const owner = useId();
  const latest = useRef(actions);
  const labels = actions.map((action) => `${action.id}\n${action.label}`).join("\n");
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const run = (id: string) => latest.current.find((action) => action.id === id)?.run();
    offer(owner, latest.current.map((action) => ({ ...action, run: () => run(action.id) })));
    return () => offer(owner, null);
  }, [owner, labels]);
}

export function useOffered(): readonly Action[] {
  return useSyncExternalStore(watch, () => flat);
}
