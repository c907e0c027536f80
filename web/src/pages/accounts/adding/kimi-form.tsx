import { Stack, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { FormFoot } from "~/ui";

import { AddressField, LabelField, ModelsField, UsageFields } from "../fields";
import type { Account } from "../kinds";
import { messages } from "./messages";
import { More } from "./more";
import { useCreate } from "./use-create";

/** A kimi-web account, which needs nothing. */
export function KimiForm({ onAdded }: { onAdded: (account: Account) => void }) {
  const t = useText(messages);
  const { form, create, busy, error } = useCreate("kimi-web", onAdded);
  return (
    <form onSubmit={form.onSubmit((values) => void create(values))} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">{t("kimiText")}</Text>
        <LabelField form={form} first />
        <More faulty={["baseUrl", "models", "priority", "maxConcurrency", "proxyUrl"].some((name) => form.errors[name])}>
          <ModelsField form={form} />
          <UsageFields form={form} />
          <AddressField form={form} kind="kimi-web" />
        </More>
        <FormFoot action={t("title")} busy={busy} error={error} />
      </Stack>
    </form>
  );
}
