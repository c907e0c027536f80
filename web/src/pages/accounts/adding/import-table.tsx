import { Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { useText } from "~/i18n";
import { type Column, DataTable, ErrorState, Foreign } from "~/ui";

import { messages as fields } from "../drawer/messages";
import { kindName } from "../kinds";
import styles from "./adding.module.css";
import { Correction } from "./correction";
import { LineResult } from "./line-result";
import { type Line, recognise } from "./lines";
import { messages } from "./messages";
import { useImport } from "./use-import";

interface ImportTableProps {
  first: readonly Line[];
  onBack: () => void;
  onOpen: (id: string) => void;
}

/** The lines: what each is, then what became of it and what can be done about it. */
export function ImportTable({ first, onBack, onOpen }: ImportTableProps) {
  const t = useText(messages);
  const work = useImport(first);
  const { lines, results, left, busy, done } = work;
  const [editing, setEditing] = useState<number | null>(null);
  const edited = lines.find((line) => line.id === editing);
  const sent = results.size > 0;
  const columns: Column<Line>[] = [
    { id: "line", header: t("imp.line"), cell: (line) => line.id + 1, width: "3rem" },
    { id: "what", header: t("imp.what"), cell: (line) => <What line={line} /> },
    { id: "sign", header: t("imp.signIn"), cell: (line) => <SignIn line={line} /> },
    {
      id: "state",
      header: t("imp.state"),
      cell: (line) => <LineResult line={line} result={results.get(line.id)} onOpen={onOpen} onCorrect={() => setEditing(line.id)} onDrop={() => work.drop(line.id)} />,
    },
  ];
  const created = [...results.values()].filter((result) => result.status === "created").length;
  return (
    <Stack gap="sm">
      {sent && !busy && <Text size="sm" fw={600} role="status">{t("imp.summary", { created, failed: left.length })}</Text>}
      <DataTable items={lines} columns={columns} label={t("imp.lines")} rowId={(line) => String(line.id)} />
      {edited && <Correction key={edited.id} line={edited} onDone={(raw) => { work.correct(edited.id, raw); setEditing(null); }} onCancel={() => setEditing(null)} />}
      {busy && <Progress value={(100 * done) / Math.max(1, left.length)} aria-label={t("imp.progress", { done, total: left.length })} />}
      <ErrorState error={work.error} />
      <Group justify="space-between" gap="xs">
        <Button variant="default" disabled={busy} onClick={onBack}>{t("imp.otherFile")}</Button>
        {left.length > 0 && (
          <Button loading={busy} disabled={editing !== null} onClick={() => void work.send()}>
            {sent ? t("imp.again", { count: left.length }) : t("imp.import", { count: left.length })}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function What({ line }: { line: Line }) {
  const t = useText(messages);
  const { label, kind } = recognise(line.raw);
  return (
    <div>
      {label ? <Foreign text={label} /> : <span className={styles.note}>{t("imp.unnamed")}</span>}
      <div className={styles.note}>
        {kind && kindName(kind)}
        {line.file && <Foreign text={t("imp.from", { name: line.file })} />}
      </div>
    </div>
  );
}

function SignIn({ line }: { line: Line }) {
  const t = useText(messages);
  const field = useText(fields);
  const { signIn, region, holds } = recognise(line.raw);
  return (
    <div>
      {signIn ? field(`method.${signIn}`) : t("imp.unknown")}
      <div className={styles.note}>
        <Foreign text={[region, holds.join(", ")].filter(Boolean).join(" · ")} lines={3} />
      </div>
    </div>
  );
}
