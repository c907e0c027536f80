import { Text } from "@mantine/core";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { Bar } from "../bar";
import { Countdown } from "../figures";
import { useNow } from "../now";
import { loadTone } from "../tone";
import { useAmounts } from "./amounts";
import styles from "./key-usage.module.css";
import { messages } from "./messages";
import { limited, share, type Usage } from "./windows";

/** The limit that stops a key first, small enough for a table. */
export function TightestLimit({ usage }: { usage: Usage | null }) {
  const t = useText(messages);
  const word = useCommon();
  const amounts = useAmounts();
  const now = useNow();
  const [first] = usage ? limited(usage, now) : [];
  if (!first) {
    return (
      <Text size="xs" c="dimmed">
        {usage ? word("noLimit") : word("unknown")}
      </Text>
    );
  }
  const { used, reserved, standby, limit, left, resetsAt } = first.leaf;
  const write = amounts(first.unit);
  return (
    <div className={styles.tightest}>
      <div className={styles.limitFoot}>
        <span>{t(first.name)}</span>
        {resetsAt && used > 0 && <Countdown until={resetsAt} />}
      </div>
      <Bar used={used} reserved={reserved + standby} limit={limit ?? 0} label={t(first.name)} format={write} tone={loadTone(share(first.leaf) ?? 0)} />
      <div className={styles.limitFoot}>
        <span>{t("left", { left: write(left ?? 0), limit: write(limit ?? 0) })}</span>
        {reserved > 0 && <span>{t("reserved", { value: write(reserved) })}</span>}
      </div>
    </div>
  );
}
