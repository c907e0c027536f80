import { expect, it } from "vitest";

import { heard, IDLE } from "./use-trial";

const event = (name: string, data: object) => ({ event: name, data: JSON.stringify(data) });
const after = (...events: [string, object][]) => events.reduce((trial, [name, data]) => heard(trial, event(name, data)), { ...IDLE, phase: "asking" as const } as typeof IDLE);

it("puts the pieces of an answer together", () => {
  const trial = after(["started", { model: "m", requestId: "r" }], ["reasoning", { text: "hm" }], ["text", { text: "Hel" }], ["text", { text: "lo" }]);
  expect(trial).toMatchObject({ phase: "answering", model: "m", requestId: "r", reasoning: "hm", text: "Hello" });
  expect(heard(trial, event("done", { requestId: "r", status: 200, durationMs: 9, firstEventMs: 3, text: "Hello" }))).toMatchObject({ phase: "done", text: "Hello", durationMs: 9, firstEventMs: 3 });
});

it("keeps what was said before it failed", () => {
  const trial = after(["started", { model: "m", requestId: "r" }], ["text", { text: "Hel" }], ["failed", { requestId: null, status: 502, code: "bad_gateway", message: "no" }]);
  expect(trial).toMatchObject({ phase: "failed", requestId: "r", text: "Hel", status: 502, error: { code: "bad_gateway", message: "no" } });
});

it("lets pass what it does not know", () => {
  expect(after(["later", { any: 1 }])).toMatchObject({ phase: "asking" });
});
