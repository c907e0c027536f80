/** What the events of an answer come to, in each of the three APIs. */

import type { Api } from "./drafts";

export interface Call {
  key: string;
  name: string;
  input: string;
}

export interface Usage {
  input: number;
  output: number;
  cached: number;
}

/** Grows while events come. `ended`: the API's own last word was said. `error`: as the API told it. */
export interface Heard {
  text: string;
  reasoning: string;
  calls: Call[];
  usage: Usage | null;
  finish: string | null;
  ended: boolean;
  error: { code: string; message: string; raw: string } | null;
}

export const nothing = (): Heard => ({ text: "", reasoning: "", calls: [], usage: null, finish: null, ended: false, error: null });

/** Takes in one event of a stream. What is no JSON, or not known, is passed over: the wire shows it anyway. */
export function hear(api: Api, heard: Heard, data: string): void {
  if (data === "[DONE]") {
    heard.ended = true;
    return;
  }
  const event = parsed(data);
  if (event) STREAMS[api](heard, event);
}

/** Takes in a whole answer. */
export function hearWhole(api: Api, heard: Heard, body: string): void {
  const answer = parsed(body);
  if (!answer) return;
  WHOLES[api](heard, answer);
  heard.ended = true;
}

/** The error of any body that tells one; null else. */
export function errorIn(body: string): Heard["error"] {
  const error = parsed(body)?.error;
  return error ? told(error) : null;
}

// ---- how deep the members lie; all may be missing

interface Fault {
  code?: string | null;
  type?: string | null;
  message?: string;
}

interface RawUsage {
  prompt_tokens?: number;
  completion_tokens?: number;
  prompt_tokens_details?: { cached_tokens?: number } | null;
  input_tokens?: number;
  output_tokens?: number;
  input_tokens_details?: { cached_tokens?: number } | null;
  cache_read_input_tokens?: number;
  cache_creation_input_tokens?: number;
}

interface Item {
  id?: string;
  type?: string;
  name?: string;
  arguments?: string;
  text?: string;
  thinking?: string;
  input?: unknown;
  partial_json?: string;
  content?: Item[] | null;
  summary?: Item[] | null;
}

interface ChatTurn {
  content?: string | null;
  reasoning_content?: string | null;
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[] | null;
}

interface Raw {
  type?: string;
  error?: Fault | null;
  choices?: { delta?: ChatTurn; message?: ChatTurn; finish_reason?: string | null }[];
  usage?: RawUsage | null;
  delta?: (string & { stop_reason?: undefined }) | (Item & { stop_reason?: string | null });
  index?: number;
  item_id?: string;
  item?: Item;
  content_block?: Item;
  message?: { usage?: RawUsage };
  content?: Item[];
  stop_reason?: string | null;
  response?: Raw;
  output?: Item[];
  status?: string;
  incomplete_details?: { reason?: string } | null;
}

const STREAMS: Record<Api, (heard: Heard, event: Raw) => void> = { chat: chatEvent, responses: responsesEvent, messages: messagesEvent };
const WHOLES: Record<Api, (heard: Heard, answer: Raw) => void> = { chat: chatEvent, responses: responsesWhole, messages: messagesWhole };

// ---- chat completions

function chatEvent(heard: Heard, event: Raw): void {
  if (event.error) heard.error = told(event.error);
  if (event.usage) heard.usage = counted(event.usage);
  const choice = event.choices?.[0];
  const turn = choice?.delta ?? choice?.message;
  heard.text += turn?.content ?? "";
  heard.reasoning += turn?.reasoning_content ?? "";
  turn?.tool_calls?.forEach((call, at) => grow(heard, String(call.index ?? at), call.function?.name, call.function?.arguments));
  heard.finish = choice?.finish_reason ?? heard.finish;
}

// ---- Responses

function responsesEvent(heard: Heard, event: Raw): void {
  const piece = typeof event.delta === "string" ? event.delta : "";
  switch (event.type) {
    case "response.output_text.delta":
      heard.text += piece;
      return;
    case "response.reasoning_summary_text.delta":
    case "response.reasoning_text.delta":
      heard.reasoning += piece;
      return;
    case "response.output_item.added":
      if (event.item?.type === "function_call") grow(heard, event.item.id ?? "", event.item.name);
      return;
    case "response.function_call_arguments.delta":
      return grow(heard, event.item_id ?? "", undefined, piece);
    case "error":
      heard.error = told(event.error ?? (event as Fault));
      return;
    default:
      if (event.response && ENDS.has(event.type ?? "")) responsesEnd(heard, event.response);
  }
}

const ENDS = new Set(["response.completed", "response.incomplete", "response.failed"]);

function responsesEnd(heard: Heard, response: Raw): void {
  heard.ended = true;
  heard.finish = response.incomplete_details?.reason ?? response.status ?? null;
  if (response.usage) heard.usage = counted(response.usage);
  if (response.error) heard.error = told(response.error);
}

function responsesWhole(heard: Heard, answer: Raw): void {
  for (const item of answer.output ?? []) {
    const text = (parts?: Item[] | null) => (parts ?? []).map((part) => part.text ?? "").join("");
    if (item.type === "message") heard.text += text(item.content);
    if (item.type === "reasoning") heard.reasoning += text(item.summary);
    if (item.type === "function_call") grow(heard, item.id ?? "", item.name, item.arguments);
  }
  responsesEnd(heard, answer);
}

// ---- Messages

function messagesEvent(heard: Heard, event: Raw): void {
  const key = String(event.index ?? 0);
  if (event.error) heard.error = told(event.error);
  if (event.type === "message_start" && event.message?.usage) heard.usage = counted(event.message.usage);
  if (event.type === "message_stop") heard.ended = true;
  if (event.content_block?.type === "tool_use") grow(heard, key, event.content_block.name);
  if (typeof event.delta === "object") {
    heard.text += event.delta.text ?? "";
    heard.reasoning += event.delta.thinking ?? "";
    if (event.delta.partial_json) grow(heard, key, undefined, event.delta.partial_json);
    heard.finish = event.delta.stop_reason ?? heard.finish;
  }
  if (event.type === "message_delta" && event.usage) heard.usage = later(heard.usage, counted(event.usage));
}

function messagesWhole(heard: Heard, answer: Raw): void {
  (answer.content ?? []).forEach((block, at) => {
    heard.text += block.type === "text" ? (block.text ?? "") : "";
    heard.reasoning += block.thinking ?? "";
    if (block.type === "tool_use") grow(heard, String(at), block.name, JSON.stringify(block.input));
  });
  heard.finish = answer.stop_reason ?? null;
  if (answer.usage) heard.usage = counted(answer.usage);
}

// ---- what they share

/** A call grows by its key: first its name, then pieces of its input. */
function grow(heard: Heard, key: string, name = "", input = ""): void {
  const found = heard.calls.find((call) => call.key === key);
  if (!found) heard.calls.push({ key, name, input });
  else Object.assign(found, { name: found.name || name, input: found.input + input });
}

function counted(usage: RawUsage): Usage {
  const cached = usage.prompt_tokens_details?.cached_tokens ?? usage.input_tokens_details?.cached_tokens ?? usage.cache_read_input_tokens ?? 0;
  // Anthropic counts what was cached apart.
  const apart = (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  return { input: (usage.prompt_tokens ?? usage.input_tokens ?? 0) + apart, output: usage.completion_tokens ?? usage.output_tokens ?? 0, cached };
}

/** Later figures win, but some tell only the output. */
function later(before: Usage | null, after: Usage): Usage {
  return { input: after.input || (before?.input ?? 0), output: after.output, cached: after.cached || (before?.cached ?? 0) };
}

function told(error: Fault): NonNullable<Heard["error"]> {
  return { code: error.code ?? error.type ?? "", message: error.message ?? "", raw: JSON.stringify({ error }, null, 2) };
}

function parsed(text: string): Raw | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : null;
  } catch {
    return null;
  }
}
