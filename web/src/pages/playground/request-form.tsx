import { Autocomplete, Group, NumberInput, SegmentedControl, Stack, Switch, Textarea } from "@mantine/core";

import { useText } from "~/i18n";
import { ErrorState } from "~/ui";
import { useOffered } from "~/ui/client-settings";

import { type Access, AccessFields } from "./access";
import type { Api, Draft } from "./drafts";
import { messages } from "./messages";
import { Turns } from "./turns";

const HIGHEST_TOKENS = 1_000_000;
const SHOWN_MODELS = 200;

interface RequestFormProps {
  draft: Draft;
  change: (made: Partial<Draft>) => void;
  access: Access;
}

/** Everything that is sent. */
export function RequestForm({ draft, change, access }: RequestFormProps) {
  const t = useText(messages);
  const apis: { value: Api; label: string }[] = [
    { value: "chat", label: "Chat" },
    { value: "responses", label: "Responses" },
    { value: "messages", label: "Messages" },
  ];
  return (
    <Stack gap="sm">
      <AccessFields access={access} />
      <SegmentedControl aria-label={t("api")} data={apis} value={draft.api} onChange={(api) => change({ api: api as Api })} />
      <ModelField draft={draft} change={change} apiKey={access.key} />
      <Textarea
        label={t("system")}
        autosize
        minRows={1}
        maxRows={8}
        dir="auto"
        value={draft.system}
        onChange={(event) => change({ system: event.currentTarget.value })}
      />
      <Turns turns={draft.turns} onChange={(turns) => change({ turns })} />
      <Numbers draft={draft} change={change} />
      <Switches draft={draft} change={change} />
    </Stack>
  );
}

type PartProps = Omit<RequestFormProps, "access">;

function ModelField({ draft, change, apiKey }: PartProps & { apiKey: string }) {
  const t = useText(messages);
  const offered = useOffered(apiKey);
  // Models with the same name would break the list, which a fault elsewhere should not.
  const names = [...new Set(offered.data ?? [])];
  return (
    <>
      <Autocomplete
        label={t("model")}
        description={offered.data?.length === 0 ? t("noModels") : undefined}
        data={names}
        limit={SHOWN_MODELS}
        maxDropdownHeight={320}
        value={draft.model}
        onChange={(model) => change({ model })}
        required
      />
      {offered.error && <ErrorState title={t("modelsFailed")} error={offered.error} retry={() => void offered.refetch()} />}
    </>
  );
}

function Numbers({ draft, change }: PartProps) {
  const t = useText(messages);
  const given = (value: string | number) => (typeof value === "number" ? value : null);
  return (
    <Group grow align="flex-start">
      <NumberInput label={t("maxTokens")} min={1} max={HIGHEST_TOKENS} allowDecimal={false} value={draft.maxTokens ?? ""} onChange={(value) => change({ maxTokens: given(value) })} />
      <NumberInput label={t("temperature")} placeholder={t("unset")} min={0} max={2} step={0.1} decimalScale={2} value={draft.temperature ?? ""} onChange={(value) => change({ temperature: given(value) })} />
    </Group>
  );
}

function Switches({ draft, change }: PartProps) {
  const t = useText(messages);
  const names = ["stream", "thinking", "tools", "explain"] as const;
  return (
    <Group gap="md">
      {names.map((name) => (
        <Switch key={name} size="sm" label={t(name)} checked={draft[name]} onChange={(event) => change({ [name]: event.currentTarget.checked })} />
      ))}
    </Group>
  );
}
