import { expect, it } from "vitest";

import { conflicts, edited, rebased, unsaved } from "./draft";
import type { Values } from "./fields";

const live = { schedulingMode: "smart", compressionKeep: 30, compressionTokens: null } as unknown as Values;

it("saves what was changed, and nothing that is as it was", () => {
  const draft = edited(edited({}, live, "schedulingMode", "balanced"), live, "compressionKeep", 40);
  expect(unsaved(draft, live)).toEqual({ schedulingMode: "balanced", compressionKeep: 40 });
  expect(unsaved(edited(draft, live, "compressionKeep", 30), live)).toEqual({ schedulingMode: "balanced" });
});

it("notices what somebody else has decided meanwhile, until that was seen", () => {
  const draft = edited({}, live, "compressionKeep", 40);
  const later = { ...live, compressionKeep: 20 } as Values;
  expect(conflicts(draft, live)).toEqual([]);
  expect(conflicts(draft, later)).toEqual(["compressionKeep"]);
  expect(conflicts(edited(draft, later, "compressionKeep", 50), later)).toEqual(["compressionKeep"]);
  expect(conflicts(rebased(draft, later, "compressionKeep"), later)).toEqual([]);
});

it("has nothing to save when others decided alike", () => {
  const draft = edited({}, live, "compressionKeep", 40);
  const later = { ...live, compressionKeep: 40 } as Values;
  expect(unsaved(draft, later)).toEqual({});
  expect(conflicts(draft, later)).toEqual([]);
});
