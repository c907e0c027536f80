/** What can go wrong with a request, as one type. */

/** Status 0: there was no answer at all. `code` is for programs, `message` for people; `retryAfter` in seconds. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null = null,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export const unreachable = () => new ApiError(0, "unreachable", "the control plane does not answer");

/** Both planes' error bodies: ours, and the dialects' of the data plane, which have code or type and message. */
function told(body: unknown): { code?: string; message?: string; field?: string } {
  if (typeof body !== "object" || body === null || !("error" in body)) return {};
  const error = body.error;
  if (typeof error === "string") return { message: error };
  if (typeof error !== "object" || error === null) return {};
  const text = (name: string) => {
    const found = (error as Record<string, unknown>)[name];
    return typeof found === "string" ? found : undefined;
  };
  return { code: text("code") ?? text("type"), message: text("message"), field: text("field") };
}

/** The error that `response` tells of; its body may be anything. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  const { code, message, field } = told(body);
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null;
  const fallback = response.statusText || `status ${response.status}`;
  return new ApiError(response.status, code ?? `http_${response.status}`, message ?? fallback, field ?? null, retryAfter);
}

/** Any thrown thing as an ApiError. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(0, "internal", error instanceof Error ? error.message : String(error));
}
