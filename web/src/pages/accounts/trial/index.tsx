import { Button, Group, Select, Stack, Text } from "@mantine/core";
import { IconPlayerStop, IconTestPipe } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";

import type { Account } from "../kinds";
import { messages } from "./messages";
import { Outcome } from "./outcome";
import { useTrial } from "./use-trial";

/** Asks a model something by way of this account, and shows the answer as it arrives. `action`: the word on the button. */
export function TrialPanel({ account, action }: { account: Account; action?: string }) {
  const t = useText(messages);
  const [model, setModel] = useState<string | null>(null);
  const { trial, run, stop } = useTrial(account.id);
  const busy = trial.phase === "asking" || trial.phase === "answering";
  const begun = trial.phase !== "idle";
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("intro")}
      </Text>
      <Group align="flex-end" gap="xs">
        <Select
          label={t("model")}
          placeholder={t("cheapest")}
          data={[...new Set(account.offeredModels)]}
          value={model}
          onChange={setModel}
          searchable
          clearable
          limit={100}
          style={{ flex: "1 1 14rem" }}
        />
        {busy ? (
          <Button variant="default" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={stop}>
            {t("stop")}
          </Button>
        ) : (
          <Button autoFocus={action !== undefined} leftSection={<IconTestPipe size={16} aria-hidden />} onClick={() => void run(model ?? "")}>
            {begun ? t("again") : (action ?? t("run"))}
          </Button>
        )}
      </Group>
      {begun && <Outcome trial={trial} />}
    </Stack>
  );
}
