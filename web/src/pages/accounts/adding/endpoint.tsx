import { Autocomplete, Stack, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { FormFoot } from "~/ui";

import { messages as fields } from "../drawer/messages";
import { LabelField, ModelsField, SecretField, UsageFields } from "../fields";
import { type Account, USUAL_ADDRESS } from "../kinds";
import { messages } from "./messages";
import { More } from "./more";
import { useCreate } from "./use-create";

/** Addresses that people often mean, and what is there. They are typed for them and nothing more. */
const PRESETS: Record<"openai" | "anthropic", Readonly<Record<string, string>>> = {
  openai: {
    "https://api.openai.com/v1": "OpenAI",
    "https://openrouter.ai/api/v1": "OpenRouter",
    "https://api.deepseek.com/v1": "DeepSeek",
    "https://api.moonshot.cn/v1": "Moonshot",
    "https://api.groq.com/openai/v1": "Groq",
    "https://api.mistral.ai/v1": "Mistral",
    "http://127.0.0.1:11434/v1": "Ollama",
    "http://127.0.0.1:1234/v1": "LM Studio",
  },
  anthropic: { "https://api.anthropic.com": "Anthropic" },
};

/** An account at an endpoint that speaks the OpenAI or the Anthropic API. */
export function EndpointForm({ kind, onAdded }: { kind: "openai" | "anthropic"; onAdded: (account: Account) => void }) {
  const t = useText(messages);
  const field = useText(fields);
  const { form, create, busy, error } = useCreate(kind, onAdded, { baseUrl: USUAL_ADDRESS[kind] });
  const presets = PRESETS[kind];
  return (
    <form onSubmit={form.onSubmit((values) => void create(values))} noValidate>
      <Stack gap="sm">
        <Autocomplete
          label={field("edit.baseUrl")}
          description={kind === "openai" ? t("addressHint") : t("anthropicHint")}
          data={Object.keys(presets)}
          // All are offered whatever stands there: it is one of them at first.
          filter={({ options }) => options}
          renderOption={({ option }) => (
            <span>
              {presets[option.value]} <Text span size="xs" c="dimmed">{option.value}</Text>
            </span>
          )}
          inputMode="url"
          spellCheck={false}
          {...form.getInputProps("baseUrl")}
        />
        <SecretField form={form} name="apiKey" description={kind === "openai" ? t("keyHint") : t("keyNeeded")} first />
        <LabelField form={form} />
        <ModelsField form={form} open hint={t("modelsHint")} />
        <More faulty={["priority", "maxConcurrency", "proxyUrl"].some((name) => form.errors[name])}>
          <UsageFields form={form} />
        </More>
        <FormFoot action={t("title")} busy={busy} error={error} />
      </Stack>
    </form>
  );
}
