import { expect, it } from "vitest";

import { preset } from "./presets";
import { bodyOf, EMPTY, limitValues, localTime, NAMES, type Values } from "./values";

const values: Values = { ...EMPTY, name: " laptop ", limits: limitValues({ requests: { minute: 0 }, concurrency: 3 }), expiresAt: "2030-01-31T12:30" };

it("tells no limit from a limit of nothing", () => {
  const { limits, name } = bodyOf(values);
  expect(name).toBe("laptop");
  expect(limits).toMatchObject({ requests: { minute: 0, day: null }, tokens: { total: null }, concurrency: 3 });
});

it("sends only what was changed", () => {
  expect(bodyOf(values, values)).toEqual({});
  expect(bodyOf({ ...values, strict: true, expiresAt: "" }, values)).toEqual({ strict: true, expiresAt: null });
});

it("keeps a time through the field of the form", () => {
  const shown = localTime("2030-01-31T12:30:00Z");
  expect(bodyOf({ ...values, expiresAt: shown }).expiresAt).toBe("2030-01-31T12:30:00.000Z");
  expect(localTime(null)).toBe("");
});

it("has presets that end in time and keep what was entered", () => {
  const start = preset("friend", Date.UTC(2030, 0, 1));
  expect(new Date(start.expiresAt).getTime()).toBe(Date.UTC(2030, 0, 31));
  expect(Object.keys(start).sort()).toEqual(["expiresAt", "limits", "strict"]);
  expect(NAMES).toContain("limits.tokens.month");
});
