import { NumberInput, PasswordInput, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";

import { useText } from "~/i18n";

import { messages } from "./drawer/messages";
import { USUAL_ADDRESS } from "./kinds";
import type { Values } from "./values";

export type AccountForm = UseFormReturnType<Values>;

/** Characters that separate names of models where several are pasted. */
const SEPARATORS = [",", " ", "\n", ";"];

/** `first`: where a dialog begins. */
export function LabelField({ form, first = false }: { form: AccountForm; first?: boolean }) {
  const t = useText(messages);
  return <TextInput label={t("edit.label")} description={t("edit.labelHint")} maxLength={100} autoComplete="off" autoFocus={first} data-autofocus={first || undefined} {...form.getInputProps("label")} />;
}

type SecretName = "refreshToken" | "accessToken" | "clientId" | "clientSecret" | "apiKey";

interface SecretFieldProps {
  form: AccountForm;
  name: SecretName;
  placeholder?: string;
  description?: string;
  first?: boolean;
}

/** A secret: it is written and never read. */
export function SecretField({ form, name, placeholder, description, first = false }: SecretFieldProps) {
  const t = useText(messages);
  return <PasswordInput label={t(`edit.${name}`)} placeholder={placeholder} description={description} autoComplete="new-password" spellCheck={false} autoFocus={first} data-autofocus={first || undefined} {...form.getInputProps(name)} />;
}

export function AddressField({ form, kind }: { form: AccountForm; kind: string }) {
  const t = useText(messages);
  const usual = USUAL_ADDRESS[kind] ?? t("edit.configured");
  return <TextInput label={t("edit.baseUrl")} description={t("edit.baseUrlHint", { usual })} placeholder={USUAL_ADDRESS[kind]} inputMode="url" spellCheck={false} {...form.getInputProps("baseUrl")} />;
}

interface ModelsFieldProps {
  form: AccountForm;
  offered?: readonly string[];
  /** It names the models that are offered, rather than limiting those that are listed. */
  open?: boolean;
  hint?: string;
}

export function ModelsField({ form, offered = [], open = false, hint }: ModelsFieldProps) {
  const t = useText(messages);
  return (
    <TagsInput
      label={open ? t("edit.modelsOpen") : t("edit.models")}
      description={hint ?? t("edit.modelsHint")}
      placeholder={form.values.models.length ? undefined : t("edit.modelsPlaceholder")}
      data={[...new Set(offered)]}
      splitChars={SEPARATORS}
      limit={50}
      clearable
      {...form.getInputProps("models")}
    />
  );
}

export function RegionField({ form }: { form: AccountForm }) {
  const t = useText(messages);
  return <TextInput label={t("edit.region")} description={t("edit.regionHint")} placeholder="us-east-1" spellCheck={false} {...form.getInputProps("region")} />;
}

/** What accounts of all kinds have, and few need. */
export function UsageFields({ form }: { form: AccountForm }) {
  const t = useText(messages);
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <NumberInput label={t("edit.priority")} description={t("edit.priorityHint")} min={-1000} max={1000} allowDecimal={false} {...form.getInputProps("priority")} />
        <NumberInput label={t("edit.maxConcurrency")} description={t("edit.maxConcurrencyHint")} min={0} max={10_000} allowDecimal={false} {...form.getInputProps("maxConcurrency")} />
      </SimpleGrid>
      <TextInput label={t("edit.proxyUrl")} description={t("edit.proxyUrlHint")} placeholder="socks5://127.0.0.1:1080" autoComplete="off" spellCheck={false} {...form.getInputProps("proxyUrl")} />
    </>
  );
}
