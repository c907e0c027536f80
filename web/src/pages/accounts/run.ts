import { useState } from "react";

import { ApiError } from "~/api/client";
import { useText } from "~/i18n";
import { toastDone, toastError } from "~/ui";

import { useActs } from "./data";
import type { Account } from "./kinds";
import { messages } from "./messages";

export type Deed = "enable" | "disable" | "refresh" | "verify" | "allowance" | "delete";

/** Does one thing with an account and says what came of it. `busy` is what is under way. True when it went well. */
export function useRun(account: Account) {
  const t = useText(messages);
  const acts = useActs();
  const [busy, setBusy] = useState<Deed | null>(null);
  const work = async (deed: Deed): Promise<boolean> => {
    if (deed === "delete") return acts.removeWithUndo(account);
    if (deed === "verify") {
      const { valid, error } = await acts.verify(account);
      if (!valid) throw new ApiError(0, "refused", t("failed.verify", { label: account.label, error: error ?? "" }));
    } else {
      await acts[deed](account);
    }
    toastDone(t(`done.${deed}`, { label: account.label }));
    return true;
  };
  const run = async (deed: Deed) => {
    setBusy(deed);
    try {
      return await work(deed);
    } catch (error) {
      toastError(error);
      return false;
    } finally {
      setBusy(null);
    }
  };
  return { run, busy };
}
