/** What is asked, and how each of the three APIs says it. */

export type Api = "chat" | "responses" | "messages";
export type Role = "user" | "assistant";

export interface Turn {
  id: number;
  role: Role;
  text: string;
}

/** null: not sent, so that the model's own holds. */
export interface Draft {
  api: Api;
  model: string;
  system: string;
  turns: readonly Turn[];
  maxTokens: number | null;
  temperature: number | null;
  tools: boolean;
  thinking: boolean;
  stream: boolean;
  explain: boolean;
}

/** A request but for its credential. */
export interface Prepared {
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
}

export const FIRST: Draft = {
  api: "chat",
  model: "",
  system: "",
  turns: [{ id: 1, role: "user", text: "" }],
  maxTokens: 2048,
  temperature: null,
  tools: false,
  thinking: false,
  stream: true,
  explain: true,
};

const VERSION = "2023-06-01";
/** The least that Anthropic takes. */
const LEAST_BUDGET = 1024;
const NEEDED_TOKENS = 4096;

const TOOL = {
  name: "get_weather",
  description: "Tells the weather of a city.",
  parameters: { type: "object", properties: { city: { type: "string", description: "Name of the city" } }, required: ["city"] },
} as const;

const PATHS: Record<Api, string> = { chat: "/v1/chat/completions", responses: "/v1/responses", messages: "/v1/messages" };
const BODIES: Record<Api, (draft: Draft) => Record<string, unknown>> = { chat, responses, messages };

export function prepare(draft: Draft): Prepared {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (draft.api === "messages") headers["anthropic-version"] = VERSION;
  if (draft.explain) headers["x-headgate-explain"] = "1";
  const body = { model: draft.model, stream: draft.stream, ...BODIES[draft.api](draft) };
  return { path: PATHS[draft.api], headers, body: withoutEmpty(body) };
}

/** The header that carries the key in that API's own way. */
export function credential(api: Api, key: string): [name: string, value: string] {
  return api === "messages" ? ["x-api-key", key] : ["authorization", `Bearer ${key}`];
}

/** Whether there is something to send. */
export function isReady({ model, turns }: Draft): boolean {
  return model.trim() !== "" && turns.some(({ text }) => text.trim() !== "");
}

function chat(draft: Draft) {
  return {
    messages: [...(draft.system ? [{ role: "system", content: draft.system }] : []), ...said(draft)],
    max_tokens: draft.maxTokens,
    temperature: draft.temperature,
    stream_options: draft.stream ? { include_usage: true } : null,
    reasoning_effort: draft.thinking ? "medium" : null,
    tools: draft.tools ? [{ type: "function", function: TOOL }] : null,
  };
}

function responses(draft: Draft) {
  return {
    instructions: draft.system || null,
    input: said(draft),
    max_output_tokens: draft.maxTokens,
    temperature: draft.temperature,
    reasoning: draft.thinking ? { effort: "medium", summary: "auto" } : null,
    tools: draft.tools ? [{ type: "function", ...TOOL }] : null,
    store: false,
  };
}

function messages(draft: Draft) {
  const { name, description, parameters } = TOOL;
  const maxTokens = draft.maxTokens ?? NEEDED_TOKENS;
  return {
    system: draft.system || null,
    messages: said(draft),
    max_tokens: maxTokens,
    temperature: draft.temperature,
    thinking: draft.thinking ? { type: "enabled", budget_tokens: Math.max(LEAST_BUDGET, Math.floor(maxTokens / 2)) } : null,
    tools: draft.tools ? [{ name, description, input_schema: parameters }] : null,
  };
}

function said({ turns }: Draft) {
  return turns.filter(({ text }) => text.trim() !== "").map(({ role, text }) => ({ role, content: text }));
}

function withoutEmpty(body: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
