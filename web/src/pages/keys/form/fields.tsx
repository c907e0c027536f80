import { MultiSelect, Stack, Switch, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { type Choice, useAccountNames, useModelNames } from "../data";
import { messages } from "../messages";
import { useFirstErrorInSight } from "./first-error";
import styles from "./form.module.css";
import { LimitsGrid } from "./limits-grid";
import type { Values } from "./values";

const LONGEST_NAME = 100;
/** What is offered while nothing is typed yet; the lists may be long. */
const OFFERED = 100;

/** Everything that an administrator decides of a key. */
export function KeyFields({ form }: { form: UseFormReturnType<Values> }) {
  const t = useText(messages);
  const word = useCommon();
  useFirstErrorInSight(form);
  return (
    <Stack gap="md">
      <TextInput label={word("name")} placeholder={t("namePlaceholder")} maxLength={LONGEST_NAME} required withAsterisk={false} data-autofocus {...form.getInputProps("name")} />
      <LimitsGrid form={form} />
      <Allowed form={form} />
      <div className={styles.two}>
        <Switch label={t("strict")} description={t("strictHint")} {...form.getInputProps("strict", { type: "checkbox" })} />
        <Switch label={t("compression")} description={t("compressionHint")} {...form.getInputProps("compression", { type: "checkbox" })} />
      </div>
    </Stack>
  );
}

/** What the key may use, from where and until when. */
function Allowed({ form }: { form: UseFormReturnType<Values> }) {
  const t = useText(messages);
  const models = useModelNames();
  const accounts = useAccountNames();
  const chosen = form.values.allowedAccountIds;
  return (
    <div className={styles.two}>
      <TagsInput
        label={t("models")}
        description={t("modelsHint")}
        placeholder={form.values.allowedModels.length ? undefined : t("allModels")}
        data={[...models]}
        limit={OFFERED}
        splitChars={[",", " "]}
        clearable
        acceptValueOnBlur
        {...form.getInputProps("allowedModels")}
      />
      <MultiSelect
        label={t("accounts")}
        description={t("accountsHint")}
        placeholder={chosen.length ? undefined : t("allAccounts")}
        data={withMissing(accounts, chosen)}
        limit={OFFERED}
        searchable
        clearable
        {...form.getInputProps("allowedAccountIds")}
      />
      <TagsInput
        label={t("addresses")}
        description={t("addressesHint")}
        placeholder={form.values.allowedIps.length ? undefined : t("allAddresses")}
        splitChars={[",", " "]}
        clearable
        acceptValueOnBlur
        {...form.getInputProps("allowedIps")}
      />
      <TextInput type="datetime-local" label={t("expires")} description={t("expiresHint")} {...form.getInputProps("expiresAt")} />
    </div>
  );
}

/** Accounts that are gone, and those of the same label, must still be told apart. */
function withMissing(accounts: readonly Choice[], chosen: readonly string[]): Choice[] {
  const known = new Set(accounts.map(({ value }) => value));
  const labels = new Map<string, number>();
  for (const { label } of accounts) labels.set(label, (labels.get(label) ?? 0) + 1);
  const named = accounts.map(({ value, label }) => ({ value, label: (labels.get(label) ?? 0) > 1 ? `${label} (${value})` : label }));
  return [...named, ...chosen.filter((id) => !known.has(id)).map((id) => ({ value: id, label: id }))];
}
