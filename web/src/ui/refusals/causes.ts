/** Why the data plane refuses a request, or ends an answer early, and how each protocol names it. */

export type Cause =
  | "invalid" | "strict" | "credential" | "model" | "address" | "absent" | "kept" | "large" | "long" | "rate" | "quota" | "busy" | "account"
  | "overloaded" | "rejected" | "upstream" | "timeout" | "standby" | "unreachable" | "broken";

export interface Refusal {
  cause: Cause;
  /** 0: it never comes as a status. */
  status: string;
  /** As `type` (Anthropic, OpenAI) and `code` (OpenAI). */
  type: string;
  code: string;
}

/** The data plane's refusals, in the order in which a request meets them. */
export const REFUSALS: readonly Refusal[] = [
  { cause: "invalid", status: "400", type: "invalid_request_error", code: "" },
  { cause: "strict", status: "400", type: "invalid_request_error", code: "" },
  { cause: "large", status: "413", type: "request_too_large", code: "" },
  { cause: "credential", status: "401", type: "authentication_error", code: "invalid_api_key" },
  { cause: "model", status: "403", type: "permission_error", code: "model_not_allowed" },
  { cause: "address", status: "403", type: "permission_error", code: "address_not_allowed" },
  { cause: "absent", status: "404", type: "not_found_error", code: "model_not_found" },
  { cause: "kept", status: "404", type: "not_found_error", code: "previous_response_not_found" },
  { cause: "long", status: "400", type: "invalid_request_error", code: "context_length_exceeded" },
  { cause: "rate", status: "429", type: "rate_limit_error", code: "rate_limit_exceeded" },
  { cause: "quota", status: "429", type: "rate_limit_error", code: "insufficient_quota" },
  { cause: "busy", status: "429", type: "rate_limit_error", code: "" },
  { cause: "account", status: "503", type: "api_error", code: "no_account" },
  { cause: "overloaded", status: "529 / 503", type: "overloaded_error", code: "server_overloaded" },
  { cause: "rejected", status: "400", type: "invalid_request_error", code: "upstream_rejected" },
  { cause: "upstream", status: "502", type: "api_error", code: "upstream_error" },
  { cause: "timeout", status: "504", type: "timeout_error", code: "" },
  { cause: "standby", status: "503", type: "api_error", code: "standby" },
];

/** What no status tells: there was no answer, or it had no end. */
const OURS: readonly Cause[] = ["unreachable", "broken"];
const BY_STATUS: Readonly<Record<number, Cause>> = {
  400: "invalid", 401: "credential", 403: "model", 404: "absent", 413: "large", 429: "rate", 502: "upstream", 503: "account", 504: "timeout", 529: "overloaded",
};
const TOO_LONG = /^prompt is too long/;

/** The most fitting cause; null when nothing is known of it. A stream that has begun has status 200. */
export function causeOf({ status, code, message }: { status: number; code: string; message: string }): Cause | null {
  if (TOO_LONG.test(message)) return "long";
  const ours = OURS.find((cause) => cause === code);
  const named = code ? REFUSALS.find((each) => each.code === code || (each.type === code && SPEAKING.has(code))) : undefined;
  return ours ?? named?.cause ?? BY_STATUS[status] ?? null;
}

/** Types that stand for one cause. */
const SPEAKING = new Set(["request_too_large", "overloaded_error", "timeout_error", "authentication_error"]);
