/** The data plane, called directly from the browser: it has another address, and takes keys and passes. */

import { gatewayAddress } from "~/meta";

import { errorOf, unreachable } from "./errors";

export { eventsOf, type SseEvent } from "./sse";

/** The address for clients, as a setting of theirs: `gatewayUrl("/v1")`. */
export function gatewayUrl(path = ""): string {
  return gatewayAddress + path;
}

export interface GatewayCall {
  /** A key or a pass; sent as a bearer. */
  key?: string;
  method?: string;
  headers?: Record<string, string>;
  /** Sent as JSON; with a body the method is POST unless told. */
  body?: unknown;
  signal?: AbortSignal;
}

/** The answer when it is a success, else an ApiError; read streams with `eventsOf`. */
export async function gateway(path: string, call: GatewayCall = {}): Promise<Response> {
  const response = await reach(path, call);
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** The answer whatever it says; an ApiError only when there is none. */
export async function reach(path: string, { key, method, headers, body, signal }: GatewayCall = {}): Promise<Response> {
  const sent = new Headers(headers);
  if (key) sent.set("authorization", `Bearer ${key}`);
  if (body !== undefined) sent.set("content-type", "application/json");
  const content = body === undefined ? undefined : JSON.stringify(body);
  const how = { method: method ?? (content ? "POST" : "GET"), headers: sent, body: content, signal, credentials: "omit" } as const;
  // eslint-disable-next-line no-restricted-globals -- this is where it belongs
  return fetch(gatewayUrl(path), how).catch((error: unknown) => {
    throw error instanceof DOMException && error.name === "AbortError" ? error : unreachable();
  });
}
