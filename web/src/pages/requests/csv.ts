/** Rows as a table for spreadsheets. */

import type { Row } from "./filters";

const COLUMNS: readonly [name: string, value: (row: Row) => string | number | boolean | null][] = [
  ["requestId", (row) => row.requestId],
  ["receivedAt", (row) => row.receivedAt],
  ["keyId", (row) => row.keyId],
  ["keyName", (row) => row.keyName],
  ["askedModel", (row) => row.askedModel],
  ["kind", (row) => row.kind],
  ["model", (row) => row.model],
  ["accountId", (row) => row.accountId],
  ["accountLabel", (row) => row.accountLabel],
  ["ending", (row) => row.ending],
  ["status", (row) => row.status],
  ["error", (row) => row.error],
  ["finishReason", (row) => row.finishReason],
  ["dialect", (row) => row.dialect],
  ["streamed", (row) => row.streamed],
  ["firstEventMs", (row) => row.firstEventMs],
  ["durationMs", (row) => row.durationMs],
  ["inputTokens", (row) => row.usage.input],
  ["cacheReadTokens", (row) => row.usage.cacheRead],
  ["cacheWriteTokens", (row) => row.usage.cacheWrite],
  ["outputTokens", (row) => row.usage.output],
  ["reasoningTokens", (row) => row.usage.reasoning],
  ["inputSource", (row) => row.usage.inputSource],
  ["outputSource", (row) => row.usage.outputSource],
  ["cost", (row) => row.cost],
  ["credits", (row) => row.usage.credits],
  ["savedTokens", (row) => row.compression?.savedTokens ?? null],
  ["dropped", (row) => row.dropped.join(" ")],
  ["cause", (row) => row.cause],
];

/** A spreadsheet takes a text that begins so for a formula, and these texts come from anybody. */
const FORMULA = /^[=+\-@\t\r]/;

export function cell(value: string | number | boolean | null): string {
  if (value === null) return "";
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csv(rows: readonly Row[]): string {
  const lines = [COLUMNS.map(([name]) => name), ...rows.map((row) => COLUMNS.map(([, value]) => cell(value(row))))];
  return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
}
