import { notifications } from "@mantine/notifications";
import { cleanup, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { ApiError } from "~/api/client";
import { show } from "~/test/world";

import { deleteWithUndo } from "./dialogs";

afterEach(() => {
  notifications.clean();
  cleanup();
});

it("deletes at once and restores when asked", async () => {
  const remove = vi.fn(() => Promise.resolve());
  const restore = vi.fn(() => Promise.resolve());
  show(<div />);
  expect(await deleteWithUndo({ label: "Spare", delete: remove, restore })).toBe(true);
  expect(remove).toHaveBeenCalledOnce();
  expect(restore).not.toHaveBeenCalled();
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(restore).toHaveBeenCalledOnce();
  expect(await screen.findByText("Restored: Spare")).toBeTruthy();
  await waitFor(() => expect(screen.queryByRole("button", { name: "Undo" })).toBeNull());
});

it("offers nothing when it could not be deleted, and says why", async () => {
  show(<div />);
  const remove = () => Promise.reject(new ApiError(409, "busy", "it has requests under way"));
  expect(await deleteWithUndo({ label: "Spare", delete: remove, restore: vi.fn() })).toBe(false);
  expect(await screen.findByText("it has requests under way")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Undo" })).toBeNull();
});

it("says when it could not be restored", async () => {
  show(<div />);
  const restore = () => Promise.reject(new ApiError(404, "gone", "too late"));
  await deleteWithUndo({ label: "Spare", delete: () => Promise.resolve(), restore });
  await userEvent.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByText("too late")).toBeTruthy();
});
