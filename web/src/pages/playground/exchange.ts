/** One request to the data plane and everything that comes back. */

import { ApiError, asApiError } from "~/api/client";
import { eventsOf, gatewayUrl, reach } from "~/api/gateway";

import { credential, type Draft, prepare } from "./drafts";
import { errorIn, hear, type Heard, hearWhole, nothing } from "./hearing";

/** An event as it came; `at` in ms since the request was sent. */
export interface WireEvent {
  at: number;
  name: string;
  raw: string;
}

/** What goes wrong: `code` is the API's, or ours where there was no answer (`unreachable`) or no end (`broken`). */
export interface Problem {
  status: number;
  code: string;
  message: string;
  raw: string | null;
}

/** Grows while the answer comes. Times in ms since it was sent; null: not yet. The credential is not in it. */
export interface Exchange {
  id: number;
  sentAt: number;
  draft: Draft;
  url: string;
  headers: Record<string, string>;
  body: string;
  state: "waiting" | "answering" | "done" | "stopped" | "failed";
  status: number | null;
  answerHeaders: [name: string, value: string][];
  requestId: string | null;
  heard: Heard;
  wire: WireEvent[];
  /** How many came; only the first KEPT are kept. */
  events: number;
  firstMs: number | null;
  wholeMs: number | null;
  problem: Problem | null;
}

export const KEPT = 20_000;
const VISIBLE_KEY = 4;
const SECRET_MARK = "••••••••";

export function begin(id: number, draft: Draft, key: string): Exchange {
  const { path, headers, body } = prepare(draft);
  const [name, value] = credential(draft.api, key);
  return {
    id, draft, headers: { ...headers, [name]: masked(value, key) }, body: JSON.stringify(body, null, 2), url: gatewayUrl(path),
    sentAt: Date.now(), state: "waiting", status: null, answerHeaders: [], requestId: null, heard: nothing(), wire: [], events: 0,
    firstMs: null, wholeMs: null, problem: null,
  };
}

/** Sends it and fills `exchange` until there is nothing more; calls `changed` whenever there is news. Never throws. */
export async function perform(exchange: Exchange, key: string, signal: AbortSignal, changed: () => void): Promise<void> {
  const began = performance.now();
  const clock = () => performance.now() - began;
  try {
    const response = await ask(exchange.draft, key, signal);
    note(exchange, response);
    changed();
    await (isStream(response) ? follow(exchange, response, clock, changed) : take(exchange, response, clock));
    exchange.state = exchange.problem ? "failed" : "done";
  } catch (error) {
    exchange.state = signal.aborted ? "stopped" : "failed";
    if (!signal.aborted) exchange.problem ??= brokenBy(exchange, error);
  }
  exchange.wholeMs = clock();
  changed();
}

function ask(draft: Draft, key: string, signal: AbortSignal): Promise<Response> {
  const { path, headers, body } = prepare(draft);
  const [name, value] = credential(draft.api, key);
  return reach(path, { headers: { ...headers, [name]: value }, body, signal });
}

function note(exchange: Exchange, response: Response): void {
  exchange.status = response.status;
  exchange.answerHeaders = [...response.headers];
  exchange.requestId = response.headers.get("x-request-id");
  exchange.state = "answering";
}

function isStream(response: Response): boolean {
  return response.ok && (response.headers.get("content-type") ?? "").startsWith("text/event-stream");
}

async function follow(exchange: Exchange, response: Response, clock: () => number, changed: () => void): Promise<void> {
  const { heard } = exchange;
  for await (const { event, data, raw } of eventsOf(response)) {
    exchange.events += 1;
    if (exchange.wire.length < KEPT) exchange.wire.push({ at: clock(), name: event, raw });
    hear(exchange.draft.api, heard, data);
    if (heard.text || heard.reasoning || heard.calls.length) exchange.firstMs ??= clock();
    if (heard.error) exchange.problem = { status: 200, ...heard.error };
    changed();
  }
  // However cleanly the connection ended: without its last word the answer is not whole.
  if (!heard.ended && !heard.error) throw new ApiError(0, "broken", "");
}

async function take(exchange: Exchange, response: Response, clock: () => number): Promise<void> {
  const body = await response.text();
  exchange.wire.push({ at: clock(), name: "body", raw: pretty(body) });
  exchange.events = 1;
  if (response.ok) {
    hearWhole(exchange.draft.api, exchange.heard, body);
    exchange.firstMs = clock();
    return;
  }
  const told = errorIn(body);
  exchange.problem = { status: response.status, code: told?.code ?? "", message: told?.message ?? response.statusText, raw: pretty(body) };
}

function brokenBy(exchange: Exchange, error: unknown): Problem {
  const { code, message } = asApiError(error);
  const known = code === "unreachable" || code === "broken";
  return { status: exchange.status ?? 0, code: known ? code : "broken", message: known ? "" : message, raw: null };
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

/** The last characters stay, by which its owner knows it. */
function masked(value: string, key: string): string {
  return value.replace(key, SECRET_MARK + (key.length > VISIBLE_KEY * 3 ? key.slice(-VISIBLE_KEY) : ""));
}
