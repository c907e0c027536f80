import { Button, FileButton, Group, Stack, Text, Textarea } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { type DragEvent, useState } from "react";

import { useText } from "~/i18n";

import styles from "./adding.module.css";
import { ImportTable } from "./import-table";
import { type Line, linesOf, type Source } from "./lines";
import { messages } from "./messages";

const read = async (files: readonly File[]): Promise<Source[]> =>
  Promise.all(files.map(async (file) => ({ text: await file.text(), file: file.name })));

/** Accounts from files or pasted text: shown first, then imported line by line. */
export function Importer({ files, onOpen }: { files: boolean; onOpen: (id: string) => void }) {
  const t = useText(messages);
  const [lines, setLines] = useState<Line[] | null>(null);
  const [text, setText] = useState("");
  const [nothing, setNothing] = useState(false);
  const take = (sources: readonly Source[]) => {
    const found = linesOf(sources);
    setNothing(found.length === 0);
    if (found.length > 0) setLines(found);
  };
  if (lines) return <ImportTable first={lines} onBack={() => setLines(null)} onOpen={onOpen} />;
  return (
    <Stack gap="sm">
      <DropZone text={files ? t("imp.filesText") : t("imp.manyText")} onFiles={(chosen) => void read(chosen).then(take)} />
      <Textarea label={t("imp.paste")} autosize minRows={5} maxRows={14} spellCheck={false} autoFocus data-autofocus value={text} onChange={(event) => setText(event.currentTarget.value)} />
      {nothing && <Text size="sm" c="red" role="alert">{t("imp.nothing")}</Text>}
      <Group justify="flex-end">
        <Button disabled={!text.trim()} onClick={() => take([{ text, file: null }])}>{t("imp.read")}</Button>
      </Group>
    </Stack>
  );
}

function DropZone({ text, onFiles }: { text: string; onFiles: (files: File[]) => void }) {
  const t = useText(messages);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length) onFiles(files);
  };
  const hover = (event: DragEvent) => {
    event.preventDefault();
    setOver(true);
  };
  return (
    <div className={styles.drop} data-over={over} onDragOver={hover} onDragLeave={() => setOver(false)} onDrop={drop}>
      <span>{text}</span>
      <FileButton multiple accept=".json,.jsonl,.txt,application/json,text/plain" onChange={onFiles} inputProps={{ "aria-label": t("imp.chooseFiles") }}>
        {(props) => (
          <Button variant="default" leftSection={<IconFileUpload size={16} aria-hidden />} {...props}>
            {t("imp.chooseFiles")}
          </Button>
        )}
      </FileButton>
    </div>
  );
}
