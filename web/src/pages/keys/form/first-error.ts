import type { UseFormReturnType } from "@mantine/form";
import { useEffect } from "react";

import type { Values } from "./values";

/** An error at a field that is out of sight would look as if nothing had happened. */
export function useFirstErrorInSight(form: UseFormReturnType<Values>): void {
  const [first] = Object.keys(form.errors);
  const { getInputNode } = form;
  useEffect(() => {
    if (first) getInputNode(first)?.focus();
  }, [first, getInputNode]);
}
