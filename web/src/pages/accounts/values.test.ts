import { expect, it } from "vitest";

import { account } from "./account.fixture";
import { bodyOf, changesOf, EMPTY, valuesOf } from "./values";

it("sends nothing when nothing was changed", () => {
  expect(changesOf(account({ priority: 3, models: ["a"] }), valuesOf(account({ priority: 3, models: ["a"] })))).toEqual({});
});

it("sends what was changed, and null for what was emptied", () => {
  const before = account({ label: "Old", priority: 3, models: ["a", "b"], proxyUrl: "http://p:1", region: "eu-west-1" });
  const values = { ...valuesOf(before), label: " New ", priority: "", models: [], proxyUrl: " ", region: "us-east-1" };
  expect(changesOf(before, values)).toEqual({ label: "New", priority: null, models: null, proxyUrl: null, region: "us-east-1" });
});

it("sends a secret only when one was typed, and none that the kind does not know", () => {
  expect(changesOf(account({}), { ...EMPTY, ...valuesOf(account({})), apiKey: " k " })).toEqual({ apiKey: "k" });
  const endpoint = account({ kind: "openai", region: "" });
  expect(changesOf(endpoint, { ...valuesOf(endpoint), refreshToken: "t", region: "eu-west-1" })).toEqual({});
});

it("makes a new account of what was filled in", () => {
  expect(bodyOf("openai", { ...EMPTY, apiKey: "k", baseUrl: "http://a/v1", refreshToken: "t", models: ["m"], maxConcurrency: 2 })).toEqual({
    kind: "openai", apiKey: "k", baseUrl: "http://a/v1", models: ["m"], maxConcurrency: 2,
  });
});
