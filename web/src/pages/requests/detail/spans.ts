/** Where a request's time went, as bars on one axis. Pure. */

import type { Schema } from "~/api/client";

type Span = Schema<"Span">;
export type Part = "compression" | "wait" | "renew" | "attempt" | "first event" | "streaming" | "end" | "other";

export interface Bar {
  part: Part;
  /** As the record calls it. */
  name: string;
  /** Of an attempt, from 1. */
  number: number;
  startMs: number;
  endMs: number;
  /** Of an attempt that came to nothing. */
  failed: boolean;
  /** Places on the axis, 0 to 100. */
  left: number;
  width: number;
}

const PARTS: readonly string[] = ["compression", "wait", "renew", "first event", "streaming", "end"];
const ATTEMPT = /^attempt (\d+)$/;

function known(name: string): { part: Part; number: number } {
  const attempt = ATTEMPT.exec(name);
  if (attempt) return { part: "attempt", number: Number(attempt[1]) };
  return { part: PARTS.includes(name) ? (name as Part) : "other", number: 0 };
}

/** From the first event to the end it streamed. */
function streaming({ streamed, firstEventMs, durationMs }: Streamed): Span[] {
  return streamed && firstEventMs !== null && firstEventMs < durationMs ? [{ name: "streaming", startMs: firstEventMs, endMs: durationMs }] : [];
}

type Streamed = Pick<Schema<"RequestDetail">, "streamed" | "firstEventMs" | "durationMs">;

/** What the axis ends at, never 0. */
export const axisEnd = (spans: readonly Span[], durationMs: number): number => Math.max(1, durationMs, ...spans.map(({ endMs }) => endMs));

export function bars(request: Streamed & Pick<Schema<"RequestDetail">, "waterfall" | "attempts">): Bar[] {
  const whole = axisEnd(request.waterfall, request.durationMs);
  const end = request.waterfall.findIndex(({ name }) => name === "end");
  const at = end < 0 ? request.waterfall.length : end;
  const spans = [...request.waterfall.slice(0, at), ...streaming(request), ...request.waterfall.slice(at)];
  const placed = spans.map((span) => ({ ...span, ...known(span.name) }));
  return placed.map(({ name, startMs, endMs, part, number }) => ({
    part,
    number,
    name,
    failed: Boolean(request.attempts[number - 1]?.fault),
    startMs,
    endMs,
    left: (startMs / whole) * 100,
    width: ((endMs - startMs) / whole) * 100,
  }));
}

/** The quarters of the axis; of a very short one only its ends, or they would have the same names. */
export const ticks = (whole: number): number[] => (whole < 8 ? [0, whole] : [0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(whole * share)));
