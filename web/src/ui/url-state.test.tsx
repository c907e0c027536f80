import { act, renderHook } from "@testing-library/react";
import type { ReactNode } from "react";
import { MemoryRouter, useLocation } from "react-router";
import { expect, it } from "vitest";

import { useUrlState } from "./url-state";

function at(address: string) {
  const wrapper = ({ children }: { children: ReactNode }) => <MemoryRouter initialEntries={[address]}>{children}</MemoryRouter>;
  return renderHook(() => ({ filters: useUrlState(["status", "kind"]), search: useLocation().search }), { wrapper });
}

it("reads the filters from the address", () => {
  const { result } = at("/accounts?status=cooling&other=1");
  expect(result.current.filters[0]).toEqual({ status: "cooling", kind: "" });
});

it("writes what changed and leaves the rest", () => {
  const { result } = at("/accounts?status=cooling&other=1");
  act(() => result.current.filters[1]({ kind: "a&b" }));
  expect(result.current.search).toBe("?status=cooling&other=1&kind=a%26b");
  act(() => result.current.filters[1]({ status: "" }));
  expect(result.current.search).toBe("?other=1&kind=a%26b");
});

it("clears its own only", () => {
  const { result } = at("/accounts?status=cooling&kind=kiro&other=1");
  act(() => result.current.filters[2]());
  expect(result.current.search).toBe("?other=1");
});
