import { Anchor, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { useText } from "~/i18n";
import { Foreign, Secret } from "~/ui";

import { KeyForm } from "./key-form";
import { messages } from "./messages";
import { OwnKeyForm } from "./own-key-form";
import { Step, type StepState } from "./step";

/** A key in this page's memory. `id` and `name` only of one that was made here. */
export interface Held {
  secret: string;
  id?: string;
  name?: string;
}

interface KeyStepProps {
  state: StepState;
  held: Held | null;
  hold: (key: Held | null) => void;
}

/** Step 2: a key, made here or brought along. */
export function KeyStep({ state, held, hold }: KeyStepProps) {
  const t = useText(messages);
  const [own, setOwn] = useState(false);
  const result = held && (held.name === undefined ? t("key.given") : <Foreign text={t("key.made", { name: held.name })} />);
  return (
    <Step number={2} title={t("key.title")} state={state} result={result}>
      {held ? (
        held.id && <Secret text={held.secret} label={t("key.secret")} />
      ) : (
        <Stack gap="sm">
          <Text size="sm">{t("key.text")}</Text>
          {own ? <OwnKeyForm hold={hold} /> : <KeyForm hold={hold} />}
          <Anchor component="button" type="button" size="sm" ta="start" onClick={() => setOwn(!own)}>
            {own ? t("key.new") : t("key.own")}
          </Anchor>
        </Stack>
      )}
    </Step>
  );
}
