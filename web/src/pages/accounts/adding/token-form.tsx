import { Input, SegmentedControl, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { useText } from "~/i18n";
import { FormFoot } from "~/ui";

import { messages as fields } from "../drawer/messages";
import { AddressField, LabelField, ModelsField, RegionField, SecretField, UsageFields } from "../fields";
import type { Account } from "../kinds";
import type { Values } from "../values";
import { messages } from "./messages";
import { More } from "./more";
import { useCreate } from "./use-create";

const REST: readonly (keyof Values)[] = ["profileArn", "machineId", "models", "priority", "maxConcurrency", "proxyUrl", "baseUrl"];

/** A Kiro account by the refresh token of a sign-in. */
export function TokenForm({ onAdded }: { onAdded: (account: Account) => void }) {
  const t = useText(messages);
  const field = useText(fields);
  const [method, setMethod] = useState<"social" | "idc">("social");
  const { form, create, busy, error } = useCreate("kiro", onAdded);
  const submit = (values: Values) => {
    // What was typed for the other way to sign in is no part of this one.
    const client = method === "idc" ? {} : { clientId: "", clientSecret: "" };
    return create({ ...values, ...client }, { authMethod: method });
  };
  return (
    <form onSubmit={form.onSubmit((values) => void submit(values))} noValidate>
      <Stack gap="sm">
        <Input.Wrapper label={t("method")} labelElement="div">
          <div>
            <SegmentedControl
              aria-label={t("method")}
              value={method}
              onChange={(value) => setMethod(value === "idc" ? "idc" : "social")}
              data={[{ value: "social", label: t("social") }, { value: "idc", label: t("idc") }]}
            />
          </div>
        </Input.Wrapper>
        <SecretField form={form} name="refreshToken" description={t("tokenHint")} first />
        {method === "idc" && (
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <SecretField form={form} name="clientId" description={t("idcHint")} />
            <SecretField form={form} name="clientSecret" description={t("idcHint")} />
          </SimpleGrid>
        )}
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <LabelField form={form} />
          <RegionField form={form} />
        </SimpleGrid>
        <More faulty={REST.some((name) => form.errors[name])}>
          <TextInput label={field("edit.profileArn")} spellCheck={false} {...form.getInputProps("profileArn")} />
          <TextInput label={field("edit.machineId")} spellCheck={false} {...form.getInputProps("machineId")} />
          <ModelsField form={form} />
          <UsageFields form={form} />
          <AddressField form={form} kind="kiro" />
        </More>
        <FormFoot action={t("title")} busy={busy} error={error} />
      </Stack>
    </form>
  );
}
