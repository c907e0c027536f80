import { describe, expect, it } from "vitest";

import { formats } from "./format";

const en = formats("en-GB");
const zh = formats("zh-CN");

describe("duration", () => {
  it.each([
    [0, "0ms"],
    [842, "842ms"],
    [1_400, "1.4s"],
    [59_600, "1m"],
    [83_000, "1m 23s"],
    [3_600_000, "1h"],
    [7_500_000, "2h 5m"],
    [90_000_000, "1d 1h"],
    [-5, "0ms"],
  ])("%i ms", (ms, said) => {
    expect(en.duration(ms)).toBe(said);
  });
});

it("writes money so that little says something", () => {
  expect([0, 0.00042, 1234.5].map(en.money)).toEqual(["$0.00", "$0.00042", "$1,234.50"]);
});

it("writes tokens short", () => {
  expect([999, 12_345].map(en.tokens)).toEqual(["999", "12.3K"]);
  expect(zh.tokens(12_345)).toBe("1.2万");
});

it("says how long ago it was, in both languages", () => {
  expect(en.relative(-180_000)).toBe("3 min ago");
  expect(en.relative(7_200_000)).toBe("in 2 hr");
  expect(zh.relative(-180_000)).toBe("3分钟前");
});

it("writes midnight as 00", () => {
  expect(en.moment(new Date(2026, 0, 5, 0, 7), "time")).toMatch(/^00:07:00/);
});
