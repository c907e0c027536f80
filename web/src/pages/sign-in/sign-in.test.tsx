import { act, cleanup, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { SESSION } from "~/api/session";
import { show } from "~/test/world";

import { SignInForm } from "./form";

const SESSION_BODY = { user: { id: "u", name: "admin", role: "admin", builtIn: true, totp: true }, csrfToken: "c", expiresAt: null };
let answers: [status: number, body: unknown, headers?: Record<string, string>][];
let bodies: unknown[];

beforeEach(() => {
  bodies = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    bodies.push(await request.json());
    const [status, body, headers] = answers.shift() ?? [500, {}];
    return new Response(JSON.stringify(body), { status, headers });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  cleanup();
});

const refusal = (code: string) => ({ error: { code, message: "m", field: null } });

async function submit() {
  await userEvent.type(screen.getByLabelText("Password"), "secret");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

it("asks for the code only when the server does, and signs in with it", async () => {
  answers = [[401, refusal("code_needed")], [201, SESSION_BODY]];
  const { client } = show(<SignInForm />);
  expect(screen.queryByLabelText(/authenticator/)).toBeNull();
  await submit();
  await userEvent.type(await screen.findByLabelText(/authenticator/), "123 456");
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await waitFor(() => expect(client.getQueryData(SESSION)).toEqual(SESSION_BODY));
  expect(bodies).toEqual([
    { name: "admin", password: "secret" },
    { name: "admin", password: "secret", code: "123456" },
  ]);
});

it("says that the password is wrong", async () => {
  answers = [[401, refusal("wrong_credentials")]];
  show(<SignInForm />);
  await submit();
  expect((await screen.findByRole("alert")).textContent).toBe("Name or password is wrong.");
});

it("holds the button while the server would not hear it", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  answers = [[429, refusal("too_many_attempts"), { "retry-after": "30" }]];
  show(<SignInForm />);
  await submit();
  expect((await screen.findByRole("alert")).textContent).toMatch(/Try again in: \d+s/);
  const button = screen.getByRole<HTMLButtonElement>("button", { name: "Sign in" });
  expect(button.disabled).toBe(true);
  act(() => void vi.advanceTimersByTime(31_000));
  expect(button.disabled).toBe(false);
});
