/** The control plane's REST: a client typed by its OpenAPI document, and `send` for what the types do not cover. */

import createClient, { type ParamsOption, type RequestBodyOption } from "openapi-fetch";

import { ApiError, errorOf, unreachable } from "./errors";
import type { components, paths } from "./schema";

export { ApiError, asApiError } from "./errors";
export type { ParamsOption, RequestBodyOption };

/** The type of a schema of the OpenAPI document: `Schema<"KeyRead">`. */
export type Schema<Name extends keyof components["schemas"]> = components["schemas"][Name];

const SAFE = new Set(["GET", "HEAD"]);
let csrf: string | null = null;
let ended: () => void = () => {};

/** The token that writes must carry, from the session. */
export function setCsrf(token: string | null): void {
  csrf = token;
}

/** What to do when the server says that nobody is signed in. */
export function onUnauthenticated(listener: () => void): void {
  ended = listener;
}

/** Fetches, with the token where it is needed; any answer but success is thrown as an ApiError. */
async function checked(request: Request): Promise<Response> {
  if (csrf && !SAFE.has(request.method)) request.headers.set("x-csrf-token", csrf);
  // eslint-disable-next-line no-restricted-globals -- this is where it belongs
  const response = await fetch(request).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === "AbortError" ? error : unreachable();
  });
  if (response.ok) return response;
  const error = await errorOf(response);
  if (error.status === 401 && error.code === "unauthenticated") ended();
  throw error;
}

/** Typed: `const { data } = await api.GET("/api/keys", { params: { query: { limit: 50 } } })`. Errors are thrown. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: checked });

/** The data of a typed call, which is there, since errors are thrown: `await of(api.GET("/api/models"))`. */
export async function of<Data>(call: Promise<{ data?: Data }>): Promise<Data> {
  const { data } = await call;
  if (data === undefined) throw new ApiError(0, "internal", "the answer has no body");
  return data;
}

export interface Sending {
  body?: unknown;
  query?: Record<string, string | number | boolean | null | undefined>;
  signal?: AbortSignal;
}

/** The raw answer, for instance to read a stream from. */
export function send(method: string, path: string, { body, query, signal }: Sending = {}): Promise<Response> {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
  }
  const headers = body === undefined ? undefined : { "content-type": "application/json" };
  const content = body === undefined ? undefined : JSON.stringify(body);
  return checked(new Request(url, { method, headers, body: content, signal }));
}

/** The JSON answer of a call that the types do not cover; without a body (204) undefined. */
export async function call<Answer>(method: string, path: string, sending?: Sending): Promise<Answer> {
  const response = await send(method, path, sending);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}
