import { Button, Group, Stack } from "@mantine/core";

import { useText } from "~/i18n";
import { Secret, Section } from "~/ui";
import { ConnectClient } from "~/ui/client-settings";

import { messages } from "./messages";

/** A key that can be seen only now, and all it takes to use it. */
export function NewSecret({ secret, onDone }: { secret: string; onDone: () => void }) {
  const t = useText(messages);
  return (
    <Stack gap="lg">
      <Secret text={secret} label={t("theKey")} />
      <Section title={t("connect")}>
        <ConnectClient apiKey={secret} />
      </Section>
      <Group justify="flex-end">
        <Button onClick={onDone}>{t("kept")}</Button>
      </Group>
    </Stack>
  );
}
