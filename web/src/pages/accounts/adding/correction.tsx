import { Button, Group, Textarea } from "@mantine/core";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Panel } from "~/ui";

import type { Line } from "./lines";
import { messages } from "./messages";

interface CorrectionProps {
  line: Line;
  onDone: (raw: string) => void;
  onCancel: () => void;
}

/** A line that failed, to be corrected. */
export function Correction({ line, onDone, onCancel }: CorrectionProps) {
  const t = useText(messages);
  const word = useCommon();
  const [raw, setRaw] = useState(line.raw);
  return (
    <Panel>
      <Textarea label={t("imp.corrected", { line: line.id + 1 })} autosize minRows={3} maxRows={14} spellCheck={false} autoFocus value={raw} onChange={(event) => setRaw(event.currentTarget.value)} />
      <Group justify="flex-end" gap="xs" mt="xs">
        <Button variant="default" onClick={onCancel}>{word("cancel")}</Button>
        <Button variant="default" disabled={!raw.trim()} onClick={() => onDone(raw)}>{word("save")}</Button>
      </Group>
    </Panel>
  );
}
