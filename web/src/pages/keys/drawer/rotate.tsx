import { Modal, Select, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMediaQuery } from "@mantine/hooks";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, useSending } from "~/ui";

import { type Key, useActs } from "../data";
import { messages } from "../messages";
import { NewSecret } from "../new-secret";

const HOUR = 3600;
/** Seconds that the old key stays good. */
const GRACES = { now: 0, hour: HOUR, day: 24 * HOUR, week: 7 * 24 * HOUR, month: 30 * 24 * HOUR } as const;
type Grace = keyof typeof GRACES;
const NAMES = Object.keys(GRACES) as Grace[];

interface RotateDialogProps {
  item: Key;
  opened: boolean;
  onClose: () => void;
}

/** Replaces a key's secret; the new one is shown for the only time. */
export function RotateDialog({ item, opened, onClose }: RotateDialogProps) {
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
      title={secret ? t("rotated") : t("rotate")}
      size={secret ? "46rem" : "md"}
      fullScreen={phone}
      closeOnClickOutside={false}
      closeOnEscape={secret === null}
      withCloseButton={secret === null}
      closeButtonProps={{ "aria-label": word("close") }}
    >
      {secret ? <NewSecret secret={secret} onDone={close} /> : <RotateForm item={item} onMade={setSecret} onCancel={close} />}
    </Modal>
  );
}

function RotateForm({ item, onMade, onCancel }: { item: Key; onMade: (secret: string) => void; onCancel: () => void }) {
  const t = useText(messages);
  const { rotate } = useActs();
  const form = useForm<{ grace: Grace }>({ initialValues: { grace: "day" } });
  const { send, busy, error } = useSending(form, []);
  const submit = form.onSubmit(async ({ grace }) => {
    const secret = await send(() => rotate(item.id, GRACES[grace]));
    if (secret) onMade(secret);
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t("rotateText")}</Text>
        <Select
          label={t("grace")}
          data={NAMES.map((value) => ({ value, label: t(`grace.${value}`) }))}
          allowDeselect={false}
          data-autofocus
          {...form.getInputProps("grace")}
        />
      </Stack>
      <FormFoot action={t("rotate")} busy={busy} error={error} cancel={onCancel} />
    </form>
  );
}
