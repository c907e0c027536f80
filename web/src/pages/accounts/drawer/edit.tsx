import { Fieldset, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, toastDone, useSending } from "~/ui";

import { useActs } from "../data";
import { AddressField, LabelField, ModelsField, RegionField, SecretField, UsageFields } from "../fields";
import { type Account, hasField, SECRETS } from "../kinds";
import { changesOf, FIELD_NAMES, type Values, valuesOf } from "../values";
import { messages } from "./messages";

/** Changes what an administrator decides of an account. It keeps what is typed when events change the rest. */
export function EditForm({ account }: { account: Account }) {
  const t = useText(messages);
  const word = useCommon();
  const acts = useActs();
  const form = useForm<Values>({ initialValues: valuesOf(account) });
  const { send, busy, error } = useSending(form, FIELD_NAMES);
  const [idle, setIdle] = useState(false);
  const submit = async (values: Values) => {
    const body = changesOf(account, values);
    setIdle(Object.keys(body).length === 0);
    if (Object.keys(body).length === 0) return;
    const changed = await send(() => acts.change(account, body));
    if (!changed) return;
    form.setValues(valuesOf(changed));
    form.resetDirty();
    toastDone(t("edit.saved", { label: changed.label }));
  };
  return (
    <form onSubmit={form.onSubmit((values) => void submit(values))} noValidate>
      <Stack gap="sm">
        <LabelField form={form} />
        <ModelsField form={form} offered={account.offeredModels} open={account.kind === "openai" || account.kind === "anthropic"} />
        <UsageFields form={form} />
        <AddressField form={form} kind={account.kind} />
        {hasField(account.kind, "region") && <KiroFields form={form} />}
        {hasField(account.kind, "apiKey") && <Credentials form={form} kind={account.kind} />}
        {idle && <Text size="sm" c="dimmed" role="status">{t("edit.nothing")}</Text>}
        <FormFoot action={word("save")} busy={busy} error={error} />
      </Stack>
    </form>
  );
}

type FormProps = { form: Parameters<typeof LabelField>[0]["form"] };

function KiroFields({ form }: FormProps) {
  const t = useText(messages);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <RegionField form={form} />
        <TextInput label={t("edit.profileArn")} spellCheck={false} {...form.getInputProps("profileArn")} />
      </SimpleGrid>
      <TextInput label={t("edit.machineId")} description={t("edit.machineIdHint")} spellCheck={false} {...form.getInputProps("machineId")} />
    </>
  );
}

function Credentials({ form, kind }: FormProps & { kind: string }) {
  const t = useText(messages);
  return (
    <Fieldset legend={t("edit.credentials")} variant="default">
      <Text size="xs" c="dimmed" mb="xs">{t("edit.credentialsHint")}</Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {SECRETS.filter((name) => hasField(kind, name)).map((name) => (
          <SecretField key={name} form={form} name={name} placeholder={t("edit.unchanged")} />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
