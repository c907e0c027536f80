import { cleanup, screen, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { show } from "~/test/world";

import { type Column, DataTable } from "./table";

interface Item {
  id: string;
  count: number;
}

const ITEMS: Item[] = [
  { id: "b", count: 2 },
  { id: "a", count: 10 },
];
const pressed = vi.fn();
const COLUMNS: Column<Item>[] = [
  { id: "id", header: "Name", cell: (item) => item.id, sort: (item) => item.id },
  { id: "count", header: "Count", cell: (item) => <button onClick={pressed}>{item.count}</button>, sort: (item) => item.count },
];

afterEach(cleanup);

function table(onOpen = vi.fn()) {
  show(<DataTable items={ITEMS} columns={COLUMNS} label="Things" rowId={(item) => item.id} rowLabel={(item) => item.id} onOpen={onOpen} />);
  return onOpen;
}

const names = () => screen.getAllByRole("row").slice(1).map((row) => within(row).getAllByRole("cell")[0]?.textContent);

it("keeps the given order until a head is pressed", async () => {
  table();
  expect(names()).toEqual(["b", "a"]);
  await userEvent.click(screen.getByRole("button", { name: "Name" }));
  expect(names()).toEqual(["a", "b"]);
  expect(screen.getByRole("columnheader", { name: "Name" }).getAttribute("aria-sort")).toBe("ascending");
});

it("sorts numbers as numbers", async () => {
  table();
  const head = screen.getByRole("button", { name: "Count" });
  await userEvent.click(head);
  const first = names();
  await userEvent.click(head);
  expect([first, names()]).toEqual([["a", "b"], ["b", "a"]]);
});

it("opens a row by click and Enter, but not by a control in it", async () => {
  const opened = table();
  await userEvent.click(screen.getByRole("button", { name: "2" }));
  expect(pressed).toHaveBeenCalledOnce();
  expect(opened).not.toHaveBeenCalled();
  await userEvent.click(screen.getByText("b"));
  screen.getByRole("row", { name: "Open a" }).focus();
  await userEvent.keyboard("{Enter}");
  expect(opened.mock.calls).toEqual([[ITEMS[0]], [ITEMS[1]]]);
});
