import { Button, Group, Modal, Progress, Text } from "@mantine/core";
import { IconArrowBackUp, IconCircleCheck, IconCircleX, IconClock, IconLoader2 } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Badge, type Column, DataTable, Foreign, useErrorText } from "~/ui";

import type { Bulk, Line } from "./bulk";
import { messages } from "./messages";

const MARKS = {
  waiting: ["off", IconClock, "bulk.waiting"],
  running: ["accent", IconLoader2, "bulk.running"],
  ok: ["ok", IconCircleCheck, "bulk.ok"],
  failed: ["bad", IconCircleX, "bulk.result"],
  restored: ["note", IconArrowBackUp, "bulk.restored"],
} as const;

/** How each of many fares, as it happens. */
export function BulkResult({ bulk }: { bulk: Bulk }) {
  const t = useText(messages);
  const word = useCommon();
  const { job, busy } = bulk;
  const lines = job?.lines ?? [];
  const done = lines.filter((line) => line.state !== "waiting" && line.state !== "running").length;
  const failed = lines.filter((line) => line.state === "failed").length;
  const deleted = job?.deed === "delete" && lines.some((line) => line.state === "ok");
  const columns: Column<Line>[] = [
    { id: "account", header: word("account"), cell: (line) => <Foreign text={line.account.label} /> },
    { id: "result", header: t("bulk.result"), cell: (line) => <Mark line={line} /> },
  ];
  return (
    <Modal opened={job !== null} onClose={bulk.clear} size="lg" title={job && t(`bulk.${job.deed}`)} closeButtonProps={{ "aria-label": word("close") }}>
      <Group justify="space-between" mb="xs">
        <Text size="sm" role="status">
          {t("bulk.progress", { done, total: lines.length })}
          {failed > 0 && `, ${t("bulk.failed", { count: failed })}`}
        </Text>
      </Group>
      {busy && <Progress value={(100 * done) / Math.max(1, lines.length)} mb="sm" aria-label={t("bulk.progress", { done, total: lines.length })} />}
      <DataTable items={lines} columns={columns} label={t("bulk.result")} rowId={(line) => line.account.id} />
      <Group justify="flex-end" mt="md" gap="xs">
        {failed > 0 && (
          <Button variant="default" disabled={busy} onClick={bulk.again}>
            {t("bulk.again")}
          </Button>
        )}
        {deleted && (
          <Button variant="default" disabled={busy} onClick={bulk.undo}>
            {t("bulk.undo")}
          </Button>
        )}
        <Button onClick={bulk.clear}>{word("close")}</Button>
      </Group>
    </Modal>
  );
}

function Mark({ line }: { line: Line }) {
  const t = useText(messages);
  const text = useErrorText();
  const [tone, icon, name] = MARKS[line.state];
  return (
    <Badge tone={tone} icon={icon}>
      {line.state === "failed" ? <Foreign text={text(line.error)} lines={3} /> : t(name)}
    </Badge>
  );
}
