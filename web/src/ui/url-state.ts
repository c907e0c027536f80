import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

/** Values by name; "" is not set and not written. */
export type UrlState<Name extends string> = Record<Name, string>;

/** The values of `names` in the address's query. */
export function readState<Name extends string>(params: URLSearchParams, names: readonly Name[]): UrlState<Name> {
  return Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""])) as UrlState<Name>;
}

/** `params` with `change`; what is not named stays as it is. */
export function writeState(params: URLSearchParams, change: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const written = new URLSearchParams(params);
  for (const [name, value] of Object.entries(change)) {
    if (value) written.set(name, value);
    else written.delete(name);
  }
  return written;
}

/** Filters that live in the address: `const [filters, change, clear] = useUrlState(["status", "kind"])`. */
export function useUrlState<const Name extends string>(names: readonly Name[]) {
  const [params, setParams] = useSearchParams();
  const joined = names.join(",");
  const state = useMemo(() => readState(params, joined.split(",") as Name[]), [params, joined]);
  const change = useCallback(
    (wanted: Partial<UrlState<Name>>) => setParams((before) => writeState(before, wanted), { replace: true }),
    [setParams],
  );
  const clear = useCallback(
    () => setParams((before) => writeState(before, Object.fromEntries(joined.split(",").map((name) => [name, ""]))), { replace: true }),
    [setParams, joined],
  );
  return [state, change, clear] as const;
}
