/** The time, for all components that show it, from one timer. */

import { useSyncExternalStore } from "react";

const TICK_MS = 1000;
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = Date.now();

function tick(): void {
  now = Date.now();
  for (const watcher of watchers) watcher();
}

function watch(watcher: () => void): () => void {
  if (watchers.size === 0) {
    now = Date.now();
    timer = setInterval(tick, TICK_MS);
  }
  watchers.add(watcher);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) clearInterval(timer);
  };
}

/** Milliseconds since 1970, anew each second; with `step` only when that many ms have passed. */
export function useNow(step = TICK_MS): number {
  return useSyncExternalStore(watch, () => Math.floor(now / step) * step);
}
