import { Button, PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { useText } from "~/i18n";
import { Panel } from "~/ui";

import { messages } from "./messages";
import styles from "./my-key.module.css";

/** Asks for the key. Browsers are told not to remember it. */
export function KeyForm({ onKey }: { onKey: (key: string) => void }) {
  const t = useText(messages);
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onKey(text.trim());
  };
  return (
    <Panel>
      <form onSubmit={submit} className={styles.form}>
        <PasswordInput
          className={styles.field}
          label={t("key")}
          description={t("keyHint")}
          inputWrapperOrder={["label", "input", "description"]}
          autoComplete="off"
          spellCheck={false}
          data-1p-ignore
          autoFocus
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!text.trim()} className={styles.send}>
          {t("show")}
        </Button>
      </form>
    </Panel>
  );
}
