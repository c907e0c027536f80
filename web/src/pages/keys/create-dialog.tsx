import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, useSending } from "~/ui";

import { useActs } from "./data";
import { KeyFields } from "./form/fields";
import { preset, PRESETS } from "./form/presets";
import { bodyOf, EMPTY, NAMES, type Values } from "./form/values";
import { messages } from "./messages";
import { NewSecret } from "./new-secret";

interface CreateDialogProps {
  opened: boolean;
  onClose: () => void;
}

/** Makes a key, and shows it for the only time. */
export function CreateDialog({ opened, onClose }: CreateDialogProps) {
  const t = useText(messages);
  const word = useCommon();
  const phone = useMediaQuery("(max-width: 40em)", false, { getInitialValueInEffect: false });
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => {
    setSecret(null);
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={secret ? t("created") : t("new")}
      size="46rem"
      fullScreen={phone}
      // A key that is shown once must not go by a slip of the hand.
      closeOnClickOutside={false}
      closeOnEscape={secret === null}
      withCloseButton={secret === null}
      closeButtonProps={{ "aria-label": word("close") }}
    >
      {secret ? <NewSecret secret={secret} onDone={close} /> : <CreateForm onMade={setSecret} onCancel={close} />}
    </Modal>
  );
}

function CreateForm({ onMade, onCancel }: { onMade: (secret: string) => void; onCancel: () => void }) {
  const t = useText(messages);
  const { create } = useActs();
  const form = useForm<Values>({ initialValues: EMPTY });
  const { send, busy, error } = useSending(form, NAMES);
  const submit = form.onSubmit(async (values) => {
    const made = await send(() => create(bodyOf(values)));
    if (made) onMade(made.secret);
  });
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Group gap="xs" role="group" aria-label={t("presets")}>
          <Text size="sm" c="dimmed">
            {t("presets")}
          </Text>
          {PRESETS.map((name) => (
            <Button key={name} variant="default" size="xs" onClick={() => form.setValues(preset(name, Date.now()))}>
              {t(`preset.${name}`)}
            </Button>
          ))}
        </Group>
        <KeyFields form={form} />
      </Stack>
      <FormFoot action={t("create")} busy={busy} error={error} cancel={onCancel} disabled={!form.values.name.trim()} />
    </form>
  );
}
