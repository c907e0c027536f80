import { expect, it } from "vitest";

import { blocksOf, piecesOf } from "./parse";

it("tells paragraphs, lists, tables and code apart", () => {
  const text = "One\nline.\n\n- a\n  more\n- b\n\n| n | m |\n|---|---|\n| `x` | a \\| b |\n\n```shell\ncurl\n\nmore\n```\nEnd";
  expect(blocksOf(text)).toEqual([
    { kind: "paragraph", text: "One line." },
    { kind: "list", items: ["a more", "b"] },
    { kind: "table", head: ["n", "m"], rows: [["`x`", "a | b"]] },
    { kind: "code", label: "shell", text: "curl\n\nmore" },
    { kind: "paragraph", text: "End" },
  ]);
});

it("ends code that nobody ended, and knows no HTML", () => {
  expect(blocksOf("```\nx")).toEqual([{ kind: "code", label: "", text: "x" }]);
  expect(piecesOf("<b>x</b>")).toEqual([{ kind: "text", text: "<b>x</b>" }]);
});

it("finds code and links in a line", () => {
  expect(piecesOf("See `a[0](b)` and [there](/docs#x).")).toEqual([
    { kind: "text", text: "See " },
    { kind: "code", text: "a[0](b)" },
    { kind: "text", text: " and " },
    { kind: "link", text: "there", to: "/docs#x" },
    { kind: "text", text: "." },
  ]);
});
