import { PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { useText } from "~/i18n";
import { FormFoot } from "~/ui";

import type { Held } from "./key-step";
import { messages } from "./messages";
import styles from "./welcome.module.css";

/** Takes a key that the visitor has; it is sent to the data plane alone. */
export function OwnKeyForm({ hold }: { hold: (key: Held) => void }) {
  const t = useText(messages);
  const [secret, setSecret] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    hold({ secret: secret.trim() });
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      <PasswordInput
        label={t("key.ownField")}
        description={t("key.ownHint")}
       
        autoComplete="off"
        value={secret}
        onChange={(event) => setSecret(event.currentTarget.value)}
      />
      <FormFoot action={t("key.use")} busy={false} disabled={!secret.trim()} />
    </form>
  );
}
