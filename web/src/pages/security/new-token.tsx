import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";

import { call, type Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { CodeBlock, FormFoot, Secret, useSending } from "~/ui";

import { type Token, useRenewed } from "./data";
import { messages } from "./messages";
import { RoleChoice } from "./role-choice";

type Made = Schema<"TokenCreated">;

const DAY_MS = 86_400_000;
const EXPIRIES = ["7", "30", "90", "365", "0"] as const;

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

/** Makes a token, and shows it: the only time that it can be seen. */
export function NewToken({ opened, close }: { opened: boolean; close: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const [made, setMade] = useState<Made | null>(null);
  const leave = () => {
    close();
    setMade(null);
  };
  return (
    <Modal
      opened={opened}
      onClose={leave}
      // What is shown once does not vanish by a click beside it.
      closeOnClickOutside={!made}
      title={t(made ? "tokens.made" : "tokens.new")}
      closeButtonProps={{ "aria-label": common("close") }}
    >
      {made ? <Shown made={made} done={leave} /> : <TokenForm made={setMade} cancel={leave} />}
    </Modal>
  );
}

function TokenForm({ made, cancel }: { made: (token: Made) => void; cancel: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const renewed = useRenewed();
  const form = useForm({ initialValues: { name: "", role: "viewer" as Token["role"], expiresAt: "90" } });
  const { send, busy, error } = useSending(form, ["name", "role", "expiresAt"]);
  const submit = form.onSubmit(async ({ name, role, expiresAt }) => {
    const days = Number(expiresAt);
    const body = { name, role, expiresAt: days ? inDays(days) : null };
    const answer = await send(() => call<Made>("POST", "/api/tokens", { body }));
    if (!answer) return;
    made(answer);
    void renewed("tokens");
  });
  const said = (days: string) => (days === "0" ? t("expiry.never") : days === "365" ? t("expiry.year") : t("expiry.days", { count: Number(days) }));
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput label={common("name")} required maxLength={64} autoComplete="off" data-autofocus {...form.getInputProps("name")} />
        <RoleChoice value={form.values.role} onChange={(role) => form.setFieldValue("role", role)} />
        <Select label={t("expires")} data={EXPIRIES.map((value) => ({ value, label: said(value) }))} allowDeselect={false} {...form.getInputProps("expiresAt")} />
        <FormFoot action={common("create")} busy={busy} error={error} cancel={cancel} />
      </Stack>
    </form>
  );
}

function Shown({ made, done }: { made: Made; done: () => void }) {
  const t = useText(messages);
  const command = `curl -H "authorization: Bearer ${made.token}" ${location.origin}/api/session`;
  return (
    <Stack gap="sm">
      <Secret text={made.token} label={t("tokens.secret")} />
      <CodeBlock text={command} label={t("tokens.try")} wrap />
      <Group justify="flex-end">
        <Button onClick={done}>{t("tokens.ok")}</Button>
      </Group>
    </Stack>
  );
}
