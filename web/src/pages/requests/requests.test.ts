import { beforeEach, describe, expect, it } from "vitest";

import { cell, csv } from "./csv";
import { axisEnd, bars } from "./detail/spans";
import { asked, type Filters, isOver, matches, NAMES, type Row } from "./filters";
import { heard, merged, MOST, NOTHING } from "./live";
import { dropView, keepView, storedViews } from "./stored-views";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const at = (minutes: number) => new Date(NOW + minutes * 60_000).toISOString();

function row(id: string, changed: Partial<Row> = {}): Row {
  return {
    requestId: id, receivedAt: at(-1), keyId: "key_1", keyName: "Ada", askedModel: "sonnet", accountId: "acc_1", accountLabel: "Oslo", kind: "kiro",
    model: "claude-sonnet-4.5", ending: "served", status: 200, error: null, finishReason: "stop", dialect: "anthropic", streamed: true, firstEventMs: 100,
    durationMs: 400, cost: 0.1, compression: null, cause: null, dropped: [],
    usage: { input: 10, cacheRead: 4, cacheWrite: 0, output: 5, reasoning: 0, credits: 1, inputSource: "upstream", outputSource: "upstream", creditsSource: "upstream", searches: 0 },
    ...changed,
  };
}

const filters = (wanted: Partial<Filters> = {}): Filters => ({ ...(Object.fromEntries(NAMES.map((name) => [name, ""])) as Filters), ...wanted });

describe("filters", () => {
  it("become the query, and what the address says badly is none", () => {
    expect(asked(filters({ span: "1h", status: "429", internal: "false", from: "ignored" }), NOW)).toMatchObject({ from: at(-60), to: undefined, status: 429, internal: false });
    expect(asked(filters({ status: "<b>", ending: "nope", from: "never", span: "2y" }), NOW)).toMatchObject({ status: undefined, ending: undefined, from: undefined });
  });

  it.each<[Partial<Filters>, boolean]>([
    [{}, true],
    [{ model: "sonnet" }, true],
    [{ model: "claude-sonnet-4.5" }, true],
    [{ model: "claude" }, false],
    [{ key: "key_2" }, false],
    [{ status: "429" }, false],
    [{ internal: "true" }, false],
    [{ internal: "false" }, true],
    [{ span: "15m" }, true],
    [{ from: at(0) }, false],
    [{ from: at(-1), to: at(0) }, true],
    [{ to: at(-1) }, false],
    [{ ending: "served", account: "acc_1", kind: "kiro", id: "req_1" }, true],
  ])("%j lets a request of this minute in: %s", (wanted, fits) => {
    expect(matches(row("req_1"), filters(wanted), NOW)).toBe(fits);
  });

  it("know when nothing new can come", () => {
    expect(isOver(filters({ to: at(-1) }), NOW)).toBe(true);
    expect(isOver(filters({ to: at(1) }), NOW)).toBe(false);
    expect(isOver(filters({ span: "1h" }), NOW)).toBe(false);
  });
});

describe("the live list", () => {
  it("shows what comes while it flows, and all that waited", () => {
    const waiting = heard(NOTHING, [row("a"), row("b")], false);
    expect([waiting.fresh.length, waiting.arrived]).toEqual([0, 2]);
    const flowing = heard(waiting, [row("c")], true);
    expect(flowing.fresh.map(({ requestId }) => requestId)).toEqual(["c", "b", "a"]);
    expect(flowing.arrived).toBe(0);
  });

  it("never keeps more than it may, but counts them", () => {
    const many = Array.from({ length: MOST + 50 }, (_, place) => row(`req_${place}`));
    expect(heard(NOTHING, many, true).fresh).toHaveLength(MOST);
    expect(heard(NOTHING, many, false)).toMatchObject({ arrived: MOST + 50 });
    expect(heard(NOTHING, many, false).waiting).toHaveLength(MOST);
  });

  it("has every request once, by its time, and none that belongs behind the last page", () => {
    const fetched = [row("b", { receivedAt: at(-2) }), row("c", { receivedAt: at(-5) })];
    const fresh = [row("a"), row("b", { receivedAt: at(-2) }), row("late", { receivedAt: at(-3) }), row("old", { receivedAt: at(-9) })];
    const ids = (more: boolean) => merged(fresh, fetched, more).map(({ requestId }) => requestId);
    expect(ids(true)).toEqual(["a", "b", "late", "c"]);
    expect(ids(false)).toEqual(["a", "b", "late", "c", "old"]);
  });
});

describe("the table for spreadsheets", () => {
  it("quotes, and has no formula", () => {
    expect([cell('say "hi", you'), cell("=1+1"), cell(-1), cell(null), cell(true)]).toEqual(['"say ""hi"", you"', "'=1+1", "-1", "", "true"]);
  });

  it("has a line for each row below the names", () => {
    const [head, first, end] = csv([row("req_1", { askedModel: "@evil" })]).split("\r\n");
    expect(head).toMatch(/^requestId,receivedAt,/);
    expect(first).toContain(",'@evil,");
    expect(end).toBe("");
  });
});

describe("saved views", () => {
  beforeEach(() => localStorage.clear());

  it("are kept by name and forgotten", () => {
    keepView({ name: "b", query: "status=429" });
    keepView({ name: "a", query: "" });
    expect(keepView({ name: "b", query: "status=500" })).toEqual([{ name: "a", query: "" }, { name: "b", query: "status=500" }]);
    expect(dropView("a")).toEqual([{ name: "b", query: "status=500" }]);
  });

  it("are none where something else is stored", () => {
    localStorage.setItem("headgate-request-views", '[{"name":1},7]');
    expect(storedViews()).toEqual([]);
    localStorage.setItem("headgate-request-views", "{");
    expect(storedViews()).toEqual([]);
  });
});

describe("the waterfall", () => {
  it("places spans on one axis and streams from the first event", () => {
    const waterfall = [
      { name: "wait", startMs: 0, endMs: 100 },
      { name: "attempt 2", startMs: 100, endMs: 400 },
      { name: "first event", startMs: 200, endMs: 200 },
      { name: "end", startMs: 400, endMs: 400 },
    ];
    const found = bars({ streamed: true, firstEventMs: 200, durationMs: 400, waterfall, attempts: [] });
    expect(found.map(({ part, number, left, width }) => [part, number, left, width])).toEqual([
      ["wait", 0, 0, 25], ["attempt", 2, 25, 75], ["first event", 0, 50, 0], ["streaming", 0, 50, 50], ["end", 0, 100, 0],
    ]);
  });

  it("has an axis also where nothing took time", () => {
    expect(axisEnd([], 0)).toBe(1);
  });
});
