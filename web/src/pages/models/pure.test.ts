import { expect, it } from "vitest";

import { drafted, isDirty, isOutdated, marksOf, moved, newRoute, placeOf, plain, removedOf } from "./draft";
import type { Account, Model, Price, Route } from "./parts";
import { priceOf } from "./pricing";
import { fallbacksOf, meaningOf } from "./resolving";

const model = (kind: string, id: string, aliases: string[] = [], routes: string[] = []) => ({ kind, id, aliases, routes }) as unknown as Model;
const price = (name: string) => ({ id: name, model: name }) as unknown as Price;
const account = (id: string, kind: string, offeredModels: string[], more = {}) =>
  ({ id, kind, label: id, offeredModels, priority: 0, status: "active", disabled: false, ...more }) as unknown as Account;
const target = (kind: string, name: string, accountIds: string[] = []) => ({ kind, model: name, accountIds });
const route = (name: string, ...targets: ReturnType<typeof target>[]): Route => ({ name, match: "exact", targets });

const sonnet = model("kiro", "claude-sonnet-4.5", ["claude-sonnet-4-5"], ["best"]);
const theirs = model("anthropic", "claude-sonnet-4-5");
const world = {
  models: [sonnet, theirs],
  accounts: [account("one", "kiro", [sonnet.id]), account("two", "kiro", [sonnet.id], { status: "cooling" }), account("paid", "anthropic", [theirs.id])],
  routes: [route("best", target("openai", "gpt"), target("kiro", "claude-sonnet-4.5")), { name: "team/", match: "prefix", targets: [target("kiro", "*")] } as Route],
};

it.each([
  [["*", "claude-*", "claude-sonnet-*"], "claude-sonnet-*"],
  [["claude-sonnet-*", "claude-sonnet-4-5"], "claude-sonnet-4-5"],
  [["claude-sonnet-4.5", "kiro/*"], "kiro/*"],
  [["openai/*", "gpt*"], null],
  [["CLAUDE-SONNET-4.5"], "CLAUDE-SONNET-4.5"],
])("finds the price that says most: %s", (patterns, wanted) => {
  expect(priceOf(sonnet, patterns.map(price))?.model ?? null).toBe(wanted);
});

it("follows a route's chain in its order, and tells who offers what", () => {
  const { how, steps } = meaningOf("best", world);
  expect(how).toBe("exact");
  expect(steps.map((step) => [step.kind, step.offering.length, step.ready])).toEqual([["openai", 0, 0], ["kiro", 2, 1]]);
});

it("asks Kiro first where several kinds have the name, and one kind or account where the name says so", () => {
  expect(meaningOf("claude-sonnet-4-5", world).steps.map((step) => step.kind)).toEqual(["kiro", "anthropic"]);
  expect(meaningOf("anthropic/claude-sonnet-4-5", world)).toMatchObject({ how: "model", limited: "anthropic", steps: [{ kind: "anthropic" }] });
  expect(meaningOf("two/claude-sonnet-4-5", world)).toMatchObject({ limited: "two", steps: [{ accountIds: ["two"], ready: 0 }] });
});

it("fills the rest of the name in for a prefix, unless nobody offers it", () => {
  expect(meaningOf("team/claude-sonnet-4-5", world)).toMatchObject({ how: "prefix", route: "team/", steps: [{ model: "claude-sonnet-4.5" }] });
  expect(meaningOf("team/nobody", world).how).toBe("unknown");
  expect(meaningOf(" ", world).how).toBe("unknown");
});

it("knows the routes that lead to a model only later", () => {
  expect(fallbacksOf(sonnet, [route("best", target("kiro", sonnet.id)), route("spare", target("openai", "x"), target("kiro", "claude-sonnet-4-5"))])).toEqual(["spare"]);
});

it("marks what is new, changed and removed, and nothing that was only touched", () => {
  const draft = drafted(world.routes);
  expect(isDirty(draft)).toBe(false);
  const [best, team] = draft.routes;
  if (!best || !team) throw new Error("both are there");
  const renamed = { ...best, name: "better" };
  const changed = { ...draft, routes: [{ ...newRoute(), key: "n" }, renamed] };
  expect([...marksOf(changed).values()]).toEqual(["new", "changed"]);
  expect(removedOf(changed)).toEqual([world.routes[1]]);
  expect(plain(renamed)).toEqual({ ...world.routes[0], name: "better" });
  expect(isOutdated(draft, [])).toBe(true);
});

it("moves by one place, and not beyond the ends", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 2, 1)).toEqual(["a", "b", "c"]);
});

it("finds the field that the server complains about", () => {
  const { routes } = drafted(world.routes);
  expect(placeOf("routes[1].targets[0].model", routes)).toEqual({ key: "prefix:team/", field: "targets[0].model" });
  expect(placeOf("routes[9].name", routes)).toBeNull();
  expect(placeOf("routes", routes)).toBeNull();
});
