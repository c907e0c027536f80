import { Stack, Text } from "@mantine/core";

import { useText } from "~/i18n";
import { ConnectClient } from "~/ui/client-settings";

import { Arrivals } from "./arrivals";
import type { Held } from "./key-step";
import { messages } from "./messages";
import { Step, type StepState } from "./step";

/** Step 3: a client with that key, until a request of it has arrived. */
export function ConnectStep({ state, held, served }: { state: StepState; held: Held | null; served: () => void }) {
  const t = useText(messages);
  return (
    <Step number={3} title={t("connect.title")} state={state}>
      {held && (
        <Stack gap="md">
          <Text size="sm">{t("connect.text")}</Text>
          <ConnectClient apiKey={held.secret} />
          <Arrivals keyId={held.id} served={served} />
        </Stack>
      )}
    </Step>
  );
}
