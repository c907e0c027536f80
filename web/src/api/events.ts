/** What happens on the server, as it happens: one connection for the whole app. */

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";

import type { Schema } from "./client";
import { patchRow } from "./patching";
import { SESSION } from "./session";

type Gone = { id: string; deleted: true };

/** By type, what an event brings. */
export interface Events {
  request: Schema<"RequestRead">;
  account: Schema<"AccountRead"> | Gone;
  key: Schema<"KeyRead"> | Gone;
  settings: Schema<"SettingsRead">;
  reset: Record<string, never>;
}

export type EventType = keyof Events;
export type Link = "off" | "connected" | "reconnecting";
type Listener<Type extends EventType> = (data: Events[Type]) => void;
type Listeners = { [Type in EventType]: Set<Listener<Type>> };

const TYPES = ["request", "account", "key", "settings", "reset"] as const satisfies readonly EventType[];
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

export class EventLink {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private wait = FIRST_WAIT_MS;
  private lost = false;
  private state: Link = "off";
  private watchers = new Set<() => void>();
  private listeners: Listeners = { request: new Set(), account: new Set(), key: new Set(), settings: new Set(), reset: new Set() };

  constructor(private readonly connect: () => EventSource) {}

  /** `missed` is called when events may have been missed; `refused` when the server would not have us. */
  open(missed: () => void, refused: () => void): void {
    this.drop();
    const source = this.connect();
    this.source = source;
    source.onopen = () => {
      this.wait = FIRST_WAIT_MS;
      if (this.lost) missed();
      this.lost = false;
      this.turn("connected");
    };
    source.onerror = () => {
      this.lost = true;
      this.turn("reconnecting");
      // The browser tries again by itself unless it was refused.
      if (source.readyState !== EventSource.CLOSED) return;
      refused();
      this.timer = setTimeout(() => this.open(missed, refused), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
    };
    for (const type of TYPES) source.addEventListener(type, (event) => this.hear(type, event));
    source.addEventListener("reset", missed);
  }

  close(): void {
    this.drop();
    this.turn("off");
  }

  /** Answers the function that ends it. */
  subscribe<Type extends EventType>(type: Type, listener: Listener<Type>): () => void {
    this.listeners[type].add(listener);
    return () => void this.listeners[type].delete(listener);
  }

  watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  };

  status = (): Link => this.state;

  private drop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  private hear<Type extends EventType>(type: Type, event: MessageEvent<string>): void {
    const data = JSON.parse(event.data) as Events[Type];
    for (const listener of this.listeners[type]) listener(data);
  }

  private turn(state: Link): void {
    if (state === this.state) return;
    this.state = state;
    for (const watcher of this.watchers) watcher();
  }
}

export const events = new EventLink(() => new EventSource("/api/events"));

/** Events go into the query cache. Answers the function that ends it. */
export function keepFresh(link: EventLink, client: QueryClient): () => void {
  const ends = [
    link.subscribe("account", (row) => patchRow(client, "accounts", row)),
    link.subscribe("key", (row) => patchRow(client, "keys", row)),
    link.subscribe("settings", (settings) => client.setQueryData(["settings"], settings)),
  ];
  const missed = () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== SESSION[0] });
  link.open(missed, () => void client.invalidateQueries({ queryKey: SESSION }));
  return () => {
    link.close();
    for (const end of ends) end();
  };
}

/** Connected while `signedIn`. */
export function useEventLink(signedIn: boolean): void {
  const client = useQueryClient();
  useEffect(() => (signedIn ? keepFresh(events, client) : undefined), [signedIn, client]);
}

export function useLinkStatus(): Link {
  return useSyncExternalStore(events.watch, events.status);
}

/** Calls `listener` for each event of `type` while the component lives. */
export function useEvent<Type extends EventType>(type: Type, listener: Listener<Type>): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => events.subscribe(type, (data) => latest.current(data)), [type]);
}
