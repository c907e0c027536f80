/** Both languages say the same things. */

import { expect, it } from "vitest";

import { common } from "~/i18n/common";
import { type Messages, preferred } from "~/i18n";
import { loaderOf, ROUTES } from "~/routes";

const found = import.meta.glob<{ messages: Messages }>("../**/messages.ts", { eager: true });
const all: Record<string, Messages> = { common, ...Object.fromEntries(Object.entries(found).map(([path, module]) => [path, module.messages])) };
const places = (text: string) => [...text.matchAll(/{{\s*(\w+)\s*}}/g)].map((match) => match[1]).sort();

it.each(Object.entries(all))("%s", (_, { en, zh }) => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const [name, text] of Object.entries(en)) {
    expect(text.trim(), name).not.toBe("");
    expect(zh[name]?.trim(), name).toBeTruthy();
    expect(places(zh[name] ?? ""), name).toEqual(places(text));
  }
});

it("finds the pages' texts", () => {
  expect(Object.keys(found).length).toBeGreaterThanOrEqual(2);
});

it("has both languages for every page and no address twice", () => {
  for (const route of ROUTES) {
    expect(route.label.en && route.label.zh, route.path).toBeTruthy();
    expect(loaderOf(route), route.path).toBeDefined();
  }
  expect(new Set(ROUTES.map((route) => route.path)).size).toBe(ROUTES.length);
  const letters = ROUTES.flatMap((route) => route.letter ?? []);
  expect(new Set(letters).size).toBe(letters.length);
});

it("speaks the chosen language, else the browser's first that it knows", () => {
  expect(preferred("zh", ["en"])).toBe("zh");
  expect(preferred(null, ["fr-FR", "zh-TW", "en"])).toBe("zh");
  expect(preferred("fr", ["de"])).toBe("en");
});
