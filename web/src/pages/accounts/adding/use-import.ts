/** Sending lines: each is stored or fails by itself; those that failed can be corrected and sent again. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call, type Schema } from "~/api/client";

import { type Line, valueOf } from "./lines";

export type Result = Pick<Schema<"ImportLine">, "status" | "accountId" | "label" | "ignored" | "error">;

/** So many lines in one call: a long import shows how far it is. */
const TOGETHER = 50;

const NO_JSON: Result = { status: "invalid", error: { code: "json", message: "", field: null } };

export function useImport(first: readonly Line[]) {
  const client = useQueryClient();
  const [lines, setLines] = useState(first);
  const [results, setResults] = useState<ReadonlyMap<number, Result>>(new Map());
  const [done, setDone] = useState(0);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const left = lines.filter((line) => results.get(line.id)?.status !== "created");

  const sendPart = async (part: readonly Line[]) => {
    const rows = part.map((line) => valueOf(line.raw));
    const good = part.filter((_, place) => rows[place]);
    const answer = good.length ? await call<Schema<"ImportResult">>("POST", "/api/accounts/import", { body: rows.filter(Boolean) }) : { results: [] };
    setResults((before) => {
      const after = new Map(before);
      for (const line of part) if (!good.includes(line)) after.set(line.id, NO_JSON);
      for (const result of answer.results) {
        const line = good[result.index];
        if (line) after.set(line.id, result);
      }
      return after;
    });
  };

  const send = async () => {
    setBusy(true);
    setError(null);
    setDone(0);
    try {
      for (let from = 0; from < left.length; from += TOGETHER) {
        await sendPart(left.slice(from, from + TOGETHER));
        setDone(Math.min(left.length, from + TOGETHER));
      }
    } catch (fault) {
      setError(fault);
    }
    setBusy(false);
    await client.invalidateQueries({ queryKey: ["accounts", "list"] });
  };

  return {
    lines, results, left, busy, error, done, send,
    correct: (id: number, raw: string) => setLines((before) => before.map((line) => (line.id === id ? { ...line, raw } : line))),
    drop: (id: number) => setLines((before) => before.filter((line) => line.id !== id)),
  };
}

export type Import = ReturnType<typeof useImport>;
