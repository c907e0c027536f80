import { useText } from "~/i18n";

import type { Row } from "./filters";
import { messages } from "./messages";

/** How keys and accounts of requests are called, also where they have no name (any more). */
export function useNames() {
  const t = useText(messages);
  const own: Record<string, string> = { proxy: t("key.proxy"), console: t("key.console") };
  return {
    keyOf: (row: Pick<Row, "keyId" | "keyName">) => own[row.keyId] ?? row.keyName ?? `${t("key.gone")} (${row.keyId})`,
    accountOf: (row: Pick<Row, "accountId" | "accountLabel">) => {
      if (row.accountLabel !== null) return row.accountLabel;
      return row.accountId === null ? t("account.none") : `${row.accountId} (${t("account.gone")})`;
    },
  };
}
