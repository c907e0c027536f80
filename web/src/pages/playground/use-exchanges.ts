/** The exchanges of this visit, newest first, and the one that runs. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import type { Draft } from "./drafts";
import { begin, type Exchange, perform } from "./exchange";

/** How often the page draws itself anew while events come, in ms. */
const EVERY_MS = 80;
const REMEMBERED = 15;
const KEPT_AS = "playground";

/** A state that outlives the page until the reader signs out or leaves the console. It is nowhere but in memory. */
export function useKept<Value>(name: string, first: Value): [Value, (make: (before: Value) => Value) => void] {
  const client = useQueryClient();
  const [value, setValue] = useState<Value>(() => client.getQueryData<Value>([KEPT_AS, name]) ?? first);
  const change = useCallback(
    (make: (before: Value) => Value) => {
      client.setQueryDefaults([KEPT_AS], { gcTime: Infinity });
      // Also what ends after the page has been left is noted.
      const after = make(client.getQueryData<Value>([KEPT_AS, name]) ?? first);
      client.setQueryData([KEPT_AS, name], after);
      setValue(() => after);
    },
    // What it begins with does not change.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [client, name],
  );
  return [value, change];
}

/** A copy that React sees as another; the events, which only ever grow, are shared. */
const seen = (exchange: Exchange): Exchange => ({ ...exchange, heard: { ...exchange.heard, calls: exchange.heard.calls.map((call) => ({ ...call })) } });

function placed(all: readonly Exchange[], one: Exchange): readonly Exchange[] {
  if (all.some(({ id }) => id === one.id)) return all.map((each) => (each.id === one.id ? one : each));
  return [one, ...all].slice(0, REMEMBERED);
}

export function useExchanges() {
  const [all, setAll] = useKept<readonly Exchange[]>("exchanges", []);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const stop = useCallback(() => running.current?.abort(), []);
  const send = async (draft: Draft, key: string) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    const exchange = begin((all[0]?.id ?? 0) + 1, draft, key);
    const publish = () => setAll((before) => placed(before, seen(exchange)));
    publish();
    let timer: number | undefined;
    const changed = () => {
      timer ??= window.setTimeout(() => {
        timer = undefined;
        publish();
      }, EVERY_MS);
    };
    await perform(exchange, key, control.signal, changed);
    window.clearTimeout(timer);
    publish();
  };
  const newest = all[0];
  const busy = newest?.state === "waiting" || newest?.state === "answering";
  return { all, send, stop, busy };
}
