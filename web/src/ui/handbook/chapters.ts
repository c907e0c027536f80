/** Chapters from Markdown: each begins with a line "## id | Title"; what stands before the first is not shown. */

import type { Chapter } from "./handbook";

const HEADING = /^## (\S+) \| (.+)$/;

/** With `{{name}}` replaced by what `values` say. */
export function chaptersOf(markdown: string, values: Readonly<Record<string, string>> = {}): Chapter[] {
  const filled = markdown.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) => values[name] ?? whole);
  return filled.split(/^(?=## )/m).flatMap((part) => {
    const [first = "", ...rest] = part.split("\n");
    const [, id, title] = HEADING.exec(first) ?? [];
    return id && title ? [{ id, title, text: rest.join("\n").trim() }] : [];
  });
}
