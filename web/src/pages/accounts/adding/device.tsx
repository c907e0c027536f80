import { Alert, Button, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconAlertTriangle, IconExternalLink } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { CopyButton, Countdown, FormFoot, Foreign, useSending } from "~/ui";

import { messages as fields } from "../drawer/messages";
import type { Account } from "../kinds";
import styles from "./adding.module.css";
import { messages } from "./messages";
import { beginLogin, type Begun, type Ended, useDevice } from "./use-device";

const EMPTY = { label: "", region: "", startUrl: "" };

/** A Kiro account by a sign-in on the provider's own page. */
export function DeviceForm({ onAdded }: { onAdded: (account: Account) => void }) {
  const [begun, setBegun] = useState<Begun | null>(null);
  const ended = useDevice(begun, onAdded);
  if (ended) return <End ended={ended} onAgain={() => setBegun(null)} />;
  return begun ? <Waiting begun={begun} /> : <Begin onBegun={setBegun} />;
}

function Begin({ onBegun }: { onBegun: (begun: Begun) => void }) {
  const t = useText(messages);
  const field = useText(fields);
  const form = useForm({ initialValues: EMPTY });
  const { send, busy, error } = useSending(form, Object.keys(EMPTY));
  const submit = async (values: typeof EMPTY) => {
    const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim() || null]));
    const begun = await send(() => beginLogin(given));
    if (begun) onBegun(begun);
  };
  return (
    <form onSubmit={form.onSubmit((values) => void submit(values))} noValidate>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">{t("dev.text")}</Text>
        <TextInput label={field("edit.label")} description={field("edit.labelHint")} maxLength={100} autoFocus data-autofocus {...form.getInputProps("label")} />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput label={t("dev.start")} description={t("dev.startHint")} placeholder="https://example.awsapps.com/start" inputMode="url" spellCheck={false} {...form.getInputProps("startUrl")} />
          <TextInput label={field("edit.region")} description={field("edit.regionHint")} placeholder="us-east-1" spellCheck={false} {...form.getInputProps("region")} />
        </SimpleGrid>
        <FormFoot action={t("dev.begin")} busy={busy} error={error} />
      </Stack>
    </form>
  );
}

/** What the provider says is a page may be anything. */
const isPage = (address: string) => /^https?:\/\//.test(address);

function Waiting({ begun }: { begun: Begun }) {
  const t = useText(messages);
  const { userCode, verificationUri, verificationUriComplete, expiresAt } = begun;
  const address = [verificationUriComplete, verificationUri].find(isPage);
  return (
    <Stack gap="sm">
      <div className={styles.code}>
        <Text size="sm" c="dimmed">{t("dev.code")}</Text>
        <output className={styles.codeText} aria-label={t("dev.code")}>{userCode}</output>
        <Group justify="center" gap="xs">
          <CopyButton text={userCode} label={t("dev.copy")} />
          {address && (
            <Button component="a" autoFocus href={address} target="_blank" rel="noopener noreferrer" leftSection={<IconExternalLink size={16} aria-hidden />}>
              {t("dev.open")}
            </Button>
          )}
        </Group>
      </div>
      <Text size="sm">
        {t("dev.waiting")} <Countdown until={expiresAt} />
      </Text>
      <div className={styles.note}>
        <Foreign text={t("dev.at", { address: verificationUri })} lines={2} />
      </div>
    </Stack>
  );
}

function End({ ended, onAgain }: { ended: Ended; onAgain: () => void }) {
  const t = useText(messages);
  const word = useCommon();
  const text = ended.status === "failed" ? (ended.error ?? word("unknown")) : t(`dev.${ended.status}.text`);
  return (
    <Stack gap="sm">
      <Alert role="alert" color="red" icon={<IconAlertTriangle size={18} />} title={t(`dev.${ended.status}`)}>
        <Foreign text={text} lines={5} />
      </Alert>
      <Group justify="flex-end">
        <Button onClick={onAgain}>{t("dev.again")}</Button>
      </Group>
    </Stack>
  );
}
