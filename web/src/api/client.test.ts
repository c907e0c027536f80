import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { api, ApiError, call, of, onUnauthenticated, setCsrf } from "./client";

let sent: Request[];
let answer: () => Response | Promise<Response>;

beforeEach(() => {
  sent = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    return answer();
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  setCsrf(null);
});

const json = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const fault = (code: string, field: string | null = null) => ({ error: { code, message: "m", field } });

it("carries the token on writes only", async () => {
  setCsrf("t1");
  answer = () => json({ models: [] });
  await of(api.GET("/api/models"));
  await call("POST", "/api/x", { body: { a: 1 } });
  expect(sent.map((request) => request.headers.get("x-csrf-token"))).toEqual([null, "t1"]);
  expect(await sent[1]?.json()).toEqual({ a: 1 });
});

it("throws what the server says", async () => {
  answer = () => json(fault("invalid", "name"), 400, { "retry-after": "7" });
  const error = await call("PUT", "/api/x").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 400, code: "invalid", message: "m", field: "name", retryAfter: 7 });
});

it("throws typed calls' errors alike, whatever their body", async () => {
  answer = () => new Response("<html>", { status: 502, statusText: "Bad Gateway" });
  await expect(of(api.GET("/api/models"))).rejects.toMatchObject({ status: 502, code: "http_502", message: "Bad Gateway" });
});

it("tells when nobody is signed in, but not of a wrong password", async () => {
  const ended = vi.fn();
  onUnauthenticated(ended);
  answer = () => json(fault("wrong_credentials"), 401);
  await call("POST", "/api/session").catch(() => {});
  expect(ended).not.toHaveBeenCalled();
  answer = () => json(fault("unauthenticated"), 401);
  await call("GET", "/api/keys").catch(() => {});
  expect(ended).toHaveBeenCalledOnce();
});

it("says that nobody answered", async () => {
  answer = () => Promise.reject(new TypeError("failed"));
  await expect(call("GET", "/api/x")).rejects.toMatchObject({ status: 0, code: "unreachable" });
});

it("leaves out what is not set of a query", async () => {
  answer = () => json({});
  await call("GET", "/api/requests", { query: { limit: 5, kind: "", cursor: null } });
  expect(sent[0]?.url).toBe(`${location.origin}/api/requests?limit=5`);
});
