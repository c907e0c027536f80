import { Button, Group, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import styles from "./accounts.module.css";
import type { BulkDeed } from "./bulk";
import { messages } from "./messages";

interface BulkBarProps {
  count: number;
  /** Whether all that are shown are selected. */
  whole: boolean;
  onAll: () => void;
  onNone: () => void;
  onAct: (deed: BulkDeed) => void;
}

/** What can be done with those that are selected; it stays in sight. */
export function BulkBar({ count, whole, onAll, onNone, onAct }: BulkBarProps) {
  const t = useText(messages);
  const word = useCommon();
  return (
    <div className={styles.bulk} role="toolbar" aria-label={t("selected", { count })}>
      <Text size="sm" fw={600} role="status">
        {t("selected", { count })}
      </Text>
      {!whole && (
        <Button variant="subtle" color="gray" onClick={onAll}>
          {t("selectAll")}
        </Button>
      )}
      <Button variant="subtle" color="gray" onClick={onNone}>
        {t("unselect")}
      </Button>
      <Group gap="xs" ml="auto">
        <Button variant="default" onClick={() => onAct("enable")}>{word("enable")}</Button>
        <Button variant="default" onClick={() => onAct("disable")}>{word("disable")}</Button>
        <Button variant="default" onClick={() => onAct("refresh")}>{t("refreshToken")}</Button>
        <Button variant="default" onClick={() => onAct("verify")}>{t("verify")}</Button>
        <Button variant="default" c="red" onClick={() => onAct("delete")}>{word("delete")}</Button>
      </Group>
    </div>
  );
}
