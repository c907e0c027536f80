import { cleanup, fireEvent, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";

import { gatewayUrl } from "~/api/gateway";
import { show } from "~/test/world";
import { chaptersOf } from "~/ui/handbook";
import { blocksOf } from "~/ui/written/parse";

import deployEn from "../deploy/en.md?raw";
import deployZh from "../deploy/zh.md?raw";
import en from "./en.md?raw";
import Docs from "./index";
import zh from "./zh.md?raw";

const blocks = (markdown: string) => chaptersOf(markdown).map(({ id, text }) => ({ id, blocks: blocksOf(text) }));
const shape = (markdown: string) =>
  blocks(markdown).map((chapter) => ({
    id: chapter.id,
    blocks: chapter.blocks.map((block) => (block.kind === "table" ? [block.kind, ...block.rows.map((row) => row.length)] : block.kind)),
  }));
const code = (markdown: string) => blocks(markdown).flatMap((chapter) => chapter.blocks.flatMap((block) => (block.kind === "code" ? block.text : [])));

it.each([["docs", en, zh], ["deploy", deployEn, deployZh]])("%s: both languages have the same chapters, tables and commands", (_, one, other) => {
  expect(shape(other)).toEqual(shape(one));
  expect(code(other)).toEqual(code(one));
});

afterEach(cleanup);

it("fills in the address and the reader's key, everywhere", () => {
  show(<Docs />);
  const start = document.getElementById("start");
  expect(start?.textContent).toContain(`curl ${gatewayUrl()}/v1/models -H "authorization: Bearer YOUR_API_KEY"`);
  fireEvent.change(screen.getByLabelText(/Key to fill in/), { target: { value: " kg-mine " } });
  expect(start?.textContent).toContain("Bearer kg-mine");
  expect(document.body.textContent).not.toMatch(/YOUR_API_KEY|\{\{/);
});

it("finds errors by their code and leaves out what does not match", () => {
  show(<Docs />);
  fireEvent.change(screen.getByLabelText("Search this page"), { target: { value: "INSUFFICIENT_quota" } });
  const chapters = [...document.querySelectorAll("h2")].map((heading) => heading.textContent);
  expect(chapters).toEqual(["Errors and troubleshooting"]);
});
