import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";

import { Money, Tokens } from "../figures";
import { Stat } from "../layout";
import styles from "./key-usage.module.css";
import { messages } from "./messages";

/** What the requests of a key came to since it exists. */
export function KeyStats({ stats }: { stats: Schema<"Counts"> }) {
  const t = useText(messages);
  const word = useCommon();
  const { number, percent, tokens } = useFormat();
  const { totalRequests, successRequests, failedRequests, savedTokens } = stats;
  const succeeded = totalRequests > 0 && t("succeeded", { share: percent(successRequests / totalRequests) });
  const failed = failedRequests > 0 && t("failures", { count: number(failedRequests) });
  return (
    <div className={styles.stats}>
      <Stat label={word("requests")} value={number(totalRequests)} note={[succeeded, failed].filter(Boolean).join(", ")} />
      <Stat label={t("input")} value={<Tokens value={stats.inputTokens} />} note={savedTokens > 0 && t("saved", { value: tokens(savedTokens) })} />
      <Stat label={t("output")} value={<Tokens value={stats.outputTokens} />} />
      <Stat label={word("credits")} value={number(stats.totalCredits)} />
      <Stat label={word("cost")} value={<Money value={stats.totalCost} />} />
    </div>
  );
}
