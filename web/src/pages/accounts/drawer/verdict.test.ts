import { expect, it } from "vitest";

import { type Decision, verdict } from "./verdict";

const decision = (result: Decision["result"], rule: string | null = null): Decision => ({
  requestId: "req", receivedAt: null, askedModel: "m", result, rule, value: null, score: null, winner: null, ending: "served",
});
const ACTIVE = { status: "active" } as const;

it("says how it stands before what happened", () => {
  expect(verdict({ status: "disabled" }, [decision("chosen")])).toEqual({ say: "disabled" });
});

it("says that nobody asked, also where it was no part of the choices", () => {
  expect(verdict(ACTIVE, [])).toEqual({ say: "none" });
  expect(verdict(ACTIVE, [decision("absent")])).toEqual({ say: "none" });
});

it("counts how often it was chosen, and names the commonest reason of the others", () => {
  expect(verdict(ACTIVE, [decision("chosen"), decision("chosen")])).toEqual({ say: "always", total: 2 });
  const found = verdict(ACTIVE, [decision("excluded", "cooling"), decision("chosen"), decision("excluded", "concurrency-full"), decision("excluded", "cooling")]);
  expect(found).toMatchObject({ say: "used", total: 4, chosen: 1, why: { rule: "cooling" } });
});

it("says why it was never chosen", () => {
  expect(verdict(ACTIVE, [decision("excluded", "not-allowed-for-key"), decision("outscored")])).toMatchObject({ say: "excluded", why: { rule: "not-allowed-for-key" } });
  expect(verdict(ACTIVE, [decision("outscored"), decision("excluded", "cooling"), decision("outscored")])).toEqual({ say: "outscored", total: 3 });
});
