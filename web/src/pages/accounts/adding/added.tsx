import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";

import { useText } from "~/i18n";
import { Foreign, StatusBadge } from "~/ui";

import { useReason } from "../causes";
import { useAccounts } from "../data";
import type { Account } from "../kinds";
import { TrialPanel } from "../trial";
import { messages } from "./messages";

interface AddedProps {
  account: Account;
  onAnother: () => void;
  onOpen: () => void;
}

/** The new account, as it stands by now, and a test of it. */
export function Added({ account, onAnother, onOpen }: AddedProps) {
  const t = useText(messages);
  const { data } = useAccounts();
  const reason = useReason();
  const now = data?.accounts.find((one) => one.id === account.id) ?? account;
  return (
    <Stack gap="sm">
      <Alert role="status" color="green" icon={<IconCircleCheck size={18} />} title={<Foreign text={t("added", { label: now.label })} />}>
        <Group gap="xs">
          <Text size="sm">{t("standing")}:</Text>
          <StatusBadge status={now.status} />
          {!now.hasAccessToken && now.status === "active" && <Text size="sm">{t("waitingToken")}</Text>}
          {now.reason && <Foreign text={reason(now)} lines={2} />}
        </Group>
      </Alert>
      <TrialPanel account={now} action={t("testNow")} />
      <Group justify="flex-end" gap="xs" mt="sm">
        <Button variant="default" onClick={onAnother}>
          {t("another")}
        </Button>
        <Button variant="default" onClick={onOpen}>
          {t("openIt")}
        </Button>
      </Group>
    </Stack>
  );
}
