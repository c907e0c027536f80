import { expect, it } from "vitest";

import { account } from "./account.fixture";
import { each } from "./bulk";

it("goes on after a failure, a few at a time, and tells of each", async () => {
  const accounts = ["a", "b", "c", "d", "e", "f"].map((id) => account({ id }));
  const told: string[] = [];
  let running = 0;
  let most = 0;
  const work = async ({ id }: { id: string }) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running -= 1;
    if (id === "b") throw new Error("no");
  };
  await each(accounts, work, (id, state) => told.push(`${id} ${state}`));
  expect(most).toBe(4);
  expect(told.filter((line) => line.endsWith("ok")).map((line) => line[0]).sort()).toEqual(["a", "c", "d", "e", "f"]);
  expect(told).toContain("b failed");
});
