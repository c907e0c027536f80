import { Anchor, Button, Group } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconCopy, IconPoint } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { Badge, Foreign } from "~/ui";

import styles from "./adding.module.css";
import { type Line, type Problem, recognise } from "./lines";
import { messages } from "./messages";
import type { Result } from "./use-import";

interface LineResultProps {
  line: Line;
  result: Result | undefined;
  onOpen: (id: string) => void;
  onCorrect: () => void;
  onDrop: () => void;
}

/** What became of a line, and what to do about it; before it is sent, what seems to be wrong with it. */
export function LineResult({ line, result, onOpen, onCorrect, onDrop }: LineResultProps) {
  const t = useText(messages);
  if (result?.status === "created") return <Created result={result} onOpen={onOpen} />;
  const { problem } = recognise(line.raw);
  const wrong = result !== undefined || problem !== null;
  return (
    <div>
      <State result={result} problem={problem} />
      {wrong && (
        <>
          <Advice result={result} problem={problem} />
          <Group gap={4} mt={4} className={styles.acts}>
            <Button variant="default" size="compact-xs" onClick={onCorrect}>{t("imp.correct")}</Button>
            <Button variant="subtle" color="gray" size="compact-xs" onClick={onDrop}>{t("imp.skip")}</Button>
          </Group>
        </>
      )}
    </div>
  );
}

function Created({ result, onOpen }: { result: Result; onOpen: (id: string) => void }) {
  const t = useText(messages);
  const { accountId, label, ignored } = result;
  return (
    <div>
      <Badge tone="ok" icon={IconCircleCheck}>{t("imp.created")}</Badge>
      {accountId && (
        <Anchor component="button" type="button" fz="inherit" display="block" onClick={() => onOpen(accountId)}>
          <Foreign text={label ?? accountId} />
        </Anchor>
      )}
      {ignored && ignored.length > 0 && <div className={styles.note}><Foreign text={t("imp.ignored", { names: ignored.join(", ") })} lines={3} /></div>}
    </div>
  );
}

function State({ result, problem }: { result: Result | undefined; problem: Problem | null }) {
  const t = useText(messages);
  if (result?.status === "duplicate") return <Badge tone="warn" icon={IconCopy}>{t("imp.duplicate")}</Badge>;
  if (result) return <Badge tone="bad" icon={IconCircleX}>{t("imp.invalid")}</Badge>;
  if (problem) return <Badge tone="warn" icon={IconAlertTriangle}>{t("imp.doubt")}</Badge>;
  return <Badge tone="note" icon={IconPoint}>{t("imp.ready")}</Badge>;
}

/** What the server said, and what to do about it. */
function Advice({ result, problem }: { result: Result | undefined; problem: Problem | null }) {
  const t = useText(messages);
  const { message, field, code } = result?.error ?? {};
  const advice = () => {
    if (problem) return t(`fix.${problem}`);
    if (code === "json") return t("fix.json");
    if (field === "label") return t("fix.label");
    if (result?.status === "duplicate") return t("fix.duplicate");
    if (field === "clientId" || field === "clientSecret") return t("fix.client");
    return field ? t("fix.field", { field }) : t("fix.other");
  };
  return (
    <div className={styles.note}>
      {message && <Foreign text={message} lines={4} />}
      <div>{advice()}</div>
    </div>
  );
}
