import { Alert, Autocomplete, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconCircleCheck, IconHandStop } from "@tabler/icons-react";
import { useState } from "react";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { FormFoot, useSending } from "~/ui";

import { type Key, useActs, useModelNames } from "../data";
import styles from "../form/form.module.css";
import { messages } from "../messages";

type Answer = Schema<"Checked">;

const OFFERED = 100;
const HERE = "127.0.0.1";

/** Whether a request would be let in now, and why not, without making one. */
export function Probe({ item }: { item: Key }) {
  const t = useText(messages);
  const { check } = useActs();
  const models = useModelNames();
  const form = useForm({ initialValues: { model: "", address: HERE } });
  const { send, busy, error } = useSending(form, ["model", "address"]);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const submit = form.onSubmit(async ({ model, address }) => {
    setAnswer(null);
    setAnswer((await send(() => check(item.id, { model: model.trim(), address: address.trim() || HERE }))) ?? null);
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {t("checkText")}
        </Text>
        <div className={styles.two}>
          <Autocomplete label={t("askedModel")} data={[...models]} limit={OFFERED} required withAsterisk={false} {...form.getInputProps("model")} />
          <TextInput label={t("fromAddress")} {...form.getInputProps("address")} />
        </div>
      </Stack>
      <FormFoot action={t("check")} busy={busy} error={error} disabled={!form.values.model.trim()} />
      <div aria-live="polite">{answer && <Verdict answer={answer} />}</div>
    </form>
  );
}

const REASONS = [
  "unauthenticated", "model_not_allowed", "address_not_allowed", "unknown_model", "rate_limited", "quota_exhausted",
  "accounts_busy", "accounts_exhausted", "no_account", "credential_lost",
] as const;

function Verdict({ answer: { allowed, reason, message, retryAfter } }: { answer: Answer }) {
  const t = useText(messages);
  const { duration } = useFormat();
  if (allowed) {
    return (
      <Alert color="green" mt="md" icon={<IconCircleCheck size={18} />} title={t("passes")}>
        {t("passesText")}
      </Alert>
    );
  }
  const known = REASONS.find((name) => name === reason);
  return (
    <Alert color="red" mt="md" icon={<IconHandStop size={18} />} title={t("refused")}>
      <Stack gap={4}>
        {known && <span>{t(`reason.${known}`)}</span>}
        {message && <bdi>{message}</bdi>}
        {retryAfter !== null && <span>{t("again", { time: duration(retryAfter * 1000) })}</span>}
      </Stack>
    </Alert>
  );
}
