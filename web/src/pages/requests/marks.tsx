import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconArrowsMinimize, IconArrowsMaximize, IconCheck, IconFilterX, IconRobot, IconTerminal, type TablerIcon } from "@tabler/icons-react";
import { memo } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { toneClass, type Tone } from "~/ui";

import type { Row } from "./filters";
import { messages } from "./messages";
import styles from "./requests.module.css";

/** What is special about a request, and the command that explains it. */
export const Marks = memo(function Marks({ row }: { row: Row }) {
  const t = useText(messages);
  const { tokens } = useFormat();
  const { compression, dropped, cause } = row;
  const shortened = compression !== null && compression.replacedTurns > 0;
  return (
    <Group gap={6} wrap="nowrap" justify="flex-end">
      {cause !== null && <Mark icon={IconRobot} tone="note" label={t("mark.internal")} />}
      {shortened && (
        <Mark
          icon={IconArrowsMinimize}
          tone="accent"
          label={t("mark.compressed", { count: compression.replacedTurns, tokens: tokens(compression.savedTokens) })}
        />
      )}
      {compression !== null && !shortened && <Mark icon={IconArrowsMaximize} tone="off" label={t("mark.whole")} />}
      {dropped.length > 0 && <Mark icon={IconFilterX} tone="warn" label={t("mark.dropped", { count: dropped.length })} />}
      <ExplainCopy id={row.requestId} />
    </Group>
  );
});

function Mark({ icon: Icon, tone, label }: { icon: TablerIcon; tone: Tone; label: string }) {
  return (
    <Tooltip label={label}>
      <span className={`${styles.mark} ${toneClass(tone)}`} role="img" aria-label={label}>
        <Icon size={16} stroke={1.8} aria-hidden />
      </span>
    </Tooltip>
  );
}

function ExplainCopy({ id }: { id: string }) {
  const t = useText(messages);
  const common = useCommon();
  const { copy, copied } = useClipboard({ timeout: 1500 });
  const said = copied ? common("copied") : t("explain");
  return (
    <ActionIcon size="sm" aria-label={said} title={said} onClick={() => copy(command(id))}>
      {copied ? <IconCheck size={15} /> : <IconTerminal size={15} />}
    </ActionIcon>
  );
}

/** What tells the same at a terminal. */
export const command = (id: string): string => `headgate explain ${id}`;
