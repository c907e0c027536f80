import { useMemo, useState } from "react";

import type { Account } from "./kinds";

/** Which of the shown rows are selected. What is filtered away is not, so that nothing unseen is acted on. */
export function useSelection(shown: readonly Account[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const ids = useMemo(() => new Set(shown.map((account) => account.id).filter((id) => chosen.has(id))), [shown, chosen]);
  const toggle = (id: string) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  return { ids, toggle, set: (wanted: readonly string[]) => setChosen(new Set(wanted)) };
}
