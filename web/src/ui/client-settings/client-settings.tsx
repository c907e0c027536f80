import { SegmentedControl, Stack, Tabs, Text } from "@mantine/core";
import { useId, useState } from "react";

import { gatewayUrl } from "~/api/gateway";
import { useText } from "~/i18n";

import { CodeBlock } from "../copy";
import { type Client, clients, type Step } from "./clients";
import { messages } from "./messages";
import styles from "./client-settings.module.css";

/** Stands for a key where there is none to fill in. */
const NO_KEY = "YOUR_API_KEY";
const USUAL_MODEL = "claude-sonnet-4.5";

interface ClientSettingsProps {
  /** Filled in; without it a word that stands for it. */
  apiKey?: string;
  model?: string;
}

/** How each client is told to use this gateway, ready to copy. */
export function ClientSettings({ apiKey, model }: ClientSettingsProps) {
  const t = useText(messages);
  const all = clients({ base: gatewayUrl(), key: apiKey || NO_KEY, model: model || USUAL_MODEL });
  const [chosen, setChosen] = useState<string | null>("claude-code");
  return (
    <Tabs value={chosen} onChange={setChosen} keepMounted={false}>
      <Tabs.List aria-label={t("client")} className={styles.clients}>
        {all.map(({ id, name }) => (
          <Tabs.Tab key={id} value={id}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {all.map((client) => (
        <Tabs.Panel key={client.id} value={client.id} pt="sm">
          <Variants client={client} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Variants({ client }: { client: Client }) {
  const t = useText(messages);
  const names = client.variants.map(({ name }) => name);
  const [chosen, setChosen] = useState(names[0] ?? "");
  const variant = client.variants.find(({ name }) => name === chosen);
  return (
    <Stack gap="sm" align="stretch">
      <SegmentedControl size="xs" className={styles.variants} aria-label={t("variant")} data={names} value={chosen} onChange={setChosen} />
      {variant?.steps.map((step, index, { length }) => (
        <StepBlock key={step.text} step={step} client={client} last={index === length - 1} />
      ))}
    </Stack>
  );
}

/** Programs are those last steps of an SDK; what else has no file is typed into a terminal. */
function StepBlock({ step, client, last }: { step: Step; client: Client; last: boolean }) {
  const t = useText(messages);
  const id = useId();
  const isProgram = last && (client.id === "openai" || client.id === "anthropic");
  const title = step.file ? t("into", { file: step.file }) : t(isProgram ? "program" : "terminal");
  return (
    <div role="group" aria-labelledby={id}>
      <Text id={id} size="xs" c="dimmed" mb={4}>
        {title}
      </Text>
      <CodeBlock text={step.text} label={`${client.name}: ${title}`} />
    </div>
  );
}
