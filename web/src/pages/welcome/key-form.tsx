import { TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";

import { call, type Schema } from "~/api/client";
import { useText } from "~/i18n";
import { FormFoot, useSending } from "~/ui";

import type { Held } from "./key-step";
import { messages } from "./messages";
import styles from "./welcome.module.css";

/** Makes a key, which is shown this one time. */
export function KeyForm({ hold }: { hold: (key: Held) => void }) {
  const t = useText(messages);
  const client = useQueryClient();
  const form = useForm({ initialValues: { name: t("key.first") } });
  const { send, busy, error } = useSending(form, ["name"]);
  const submit = form.onSubmit(async ({ name }) => {
    const made = await send(() => call<Schema<"KeyCreated">>("POST", "/api/keys", { body: { name } }));
    if (!made) return;
    void client.invalidateQueries({ queryKey: ["keys", "list"] });
    hold({ secret: made.key, id: made.id, name: made.name });
  });
  return (
    <form onSubmit={submit} className={styles.form}>
      <TextInput label={t("key.name")} required {...form.getInputProps("name")} />
      <FormFoot action={t("key.create")} busy={busy} error={error} disabled={!form.values.name.trim()} />
    </form>
  );
}
