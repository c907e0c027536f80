import { afterEach, expect, it, vi } from "vitest";

import { copyText } from "./clipboard";

const own = Object.getOwnPropertyDescriptor(navigator, "clipboard");
const clipboard = (value: unknown) => Object.defineProperty(navigator, "clipboard", { value, configurable: true });

afterEach(() => {
  if (own) Object.defineProperty(navigator, "clipboard", own);
  else Reflect.deleteProperty(navigator, "clipboard");
  Reflect.deleteProperty(document, "execCommand");
});

it("copies where the browser offers a clipboard", async () => {
  const writeText = vi.fn(() => Promise.resolve());
  clipboard({ writeText });
  expect(await copyText("kg-1")).toBe(true);
  expect(writeText).toHaveBeenCalledWith("kg-1");
});

it("copies over plain http too, and leaves the focus and the page as they were", async () => {
  clipboard(undefined);
  const button = document.body.appendChild(document.createElement("button"));
  button.focus();
  let found = "";
  Object.assign(document, { execCommand: () => Boolean((found = (document.activeElement as HTMLTextAreaElement).value)) });
  expect(await copyText("two\nlines")).toBe(true);
  expect(found).toBe("two\nlines");
  expect(document.activeElement).toBe(button);
  expect(document.querySelector("textarea")).toBeNull();
  button.remove();
});

it("says when it may not", async () => {
  clipboard({ writeText: () => Promise.reject(new Error("denied")) });
  Object.assign(document, { execCommand: () => false });
  expect(await copyText("x")).toBe(false);
});
