import { QueryClient } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { EventLink, type Link, keepFresh } from "./events";
import { patchList } from "./patching";

/** A connection whose other side is the test. */
class Source extends EventTarget {
  onopen = () => {};
  onerror = () => {};
  readyState = 1;
  close = vi.fn();

  tell(type: string, data: unknown): void {
    this.dispatchEvent(new MessageEvent(type, { data: JSON.stringify(data) }));
  }

  lose(refused: boolean): void {
    this.readyState = refused ? 2 : 0;
    this.onerror();
  }
}

let sources: Source[];
let link: EventLink;
let client: QueryClient;
const newest = () => sources.at(-1) as Source;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("EventSource", { CLOSED: 2 });
  sources = [];
  client = new QueryClient();
  link = new EventLink(() => {
    sources.push(new Source());
    return newest() as unknown as EventSource;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const LIST = ["accounts", "list", {}];
const list = () => ({ accounts: [{ id: "a", label: "old" }, { id: "b" }], nextCursor: null, total: 2 });
const stale = (key: readonly unknown[]) => client.getQueryState(key)?.isInvalidated;

it("puts a changed account into lists and details", () => {
  client.setQueryData(LIST, list());
  keepFresh(link, client);
  newest().tell("account", { id: "a", label: "new" });
  expect(client.getQueryData(LIST)).toEqual({ ...list(), accounts: [{ id: "a", label: "new" }, { id: "b" }] });
  expect(client.getQueryData(["accounts", "one", "a"])).toEqual({ id: "a", label: "new" });
  expect(stale(LIST)).toBe(false);
});

it("takes a deleted one out and counts it off", () => {
  client.setQueryData(LIST, list());
  client.setQueryData(["accounts", "one", "a"], { id: "a" });
  keepFresh(link, client);
  newest().tell("account", { id: "a", deleted: true });
  expect(client.getQueryData(LIST)).toEqual({ accounts: [{ id: "b" }], nextCursor: null, total: 1 });
  expect(client.getQueryData(["accounts", "one", "a"])).toBeUndefined();
});

it("fetches lists anew that lack the account", () => {
  client.setQueryData(LIST, list());
  keepFresh(link, client);
  newest().tell("account", { id: "new" });
  expect(stale(LIST)).toBe(true);
});

it("patches lists that come in pages, and only what changed", () => {
  const data = { pages: [{ keys: [{ id: "a" }] }, { keys: [{ id: "b" }] }], pageParams: [null, "x"] };
  const row = { id: "b", name: "n" };
  expect(patchList(data, "keys", row)).toEqual({ pages: [{ keys: [{ id: "a" }] }, { keys: [row] }], pageParams: [null, "x"] });
  expect(patchList(data, "keys", { id: "c" })).toBe(data);
});

it("fetches all anew after a reset and after a lost connection, but not at first", () => {
  client.setQueryData(["models"], {});
  client.setQueryData(["session"], {});
  keepFresh(link, client);
  newest().onopen();
  expect(stale(["models"])).toBe(false);
  newest().tell("reset", {});
  expect(stale(["models"])).toBe(true);
  client.setQueryData(["models"], {});
  newest().lose(false);
  newest().onopen();
  expect(stale(["models"])).toBe(true);
  expect(stale(["session"])).toBe(false);
});

it("tries again when it was refused, ever more slowly, and asks who is signed in", () => {
  client.setQueryData(["session"], {});
  keepFresh(link, client);
  newest().lose(true);
  expect(stale(["session"])).toBe(true);
  vi.advanceTimersByTime(1000);
  expect(sources).toHaveLength(2);
  newest().lose(true);
  vi.advanceTimersByTime(1999);
  expect(sources).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(sources).toHaveLength(3);
});

it("says how it stands", () => {
  const seen: Link[] = [];
  link.watch(() => void seen.push(link.status()));
  const end = keepFresh(link, client);
  newest().onopen();
  newest().lose(true);
  vi.advanceTimersByTime(1000);
  newest().onopen();
  end();
  expect(seen).toEqual(["connected", "reconnecting", "connected", "off"]);
  expect(newest().close).toHaveBeenCalled();
});

it("hands events to whoever listens until they leave", () => {
  const heard = vi.fn();
  keepFresh(link, client);
  const leave = link.subscribe("request", heard);
  newest().tell("request", { requestId: "r1" });
  leave();
  newest().tell("request", { requestId: "r2" });
  expect(heard.mock.calls).toEqual([[{ requestId: "r1" }]]);
});
