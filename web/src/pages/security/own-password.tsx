import { Alert, Button, Modal, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";

import { asApiError, call } from "~/api/client";
import type { User } from "~/api/session";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, Panel, toastDone, useSending } from "~/ui";

import { useRenewed } from "./data";
import { messages } from "./messages";
import { SHORTEST } from "./password";
import styles from "./security.module.css";

export function OwnPassword({ user }: { user: User }) {
  const t = useText(messages);
  const common = useCommon();
  const [opened, { open, close }] = useDisclosure();
  return (
    <Panel>
      <div className={styles.way}>
        <div>
          <Title order={3}>{t("password")}</Title>
          <Text size="sm" c="dimmed">
            {t("password.text")}
          </Text>
        </div>
        <Button variant="default" onClick={open}>
          {t("password.change")}
        </Button>
      </div>
      <Modal opened={opened} onClose={close} title={t("password.change")} closeButtonProps={{ "aria-label": common("close") }}>
        <PasswordForm name={user.name} done={close} />
      </Modal>
    </Panel>
  );
}

function PasswordForm({ name, done }: { name: string; done: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const renewed = useRenewed();
  const form = useForm({
    initialValues: { current: "", new: "", again: "" },
    validate: {
      new: (text) => (text.length < SHORTEST ? t("password.short") : null),
      again: (text, values) => (text !== values.new ? t("password.differs") : null),
    },
  });
  const { send, busy, error } = useSending(form, ["current", "new"]);
  const submit = form.onSubmit(async ({ current, new: wanted }) => {
    const sent = await send(async () => {
      await call("PUT", "/api/session/password", { body: { current, new: wanted } });
      return true;
    });
    if (!sent) return;
    toastDone(t("password.done"));
    void renewed("sessions");
    done();
  });
  const fixed = error !== null && asApiError(error).code === "set_by_environment";
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {/* For password managers: whose password it is. */}
        <input type="text" name="username" autoComplete="username" value={name} readOnly hidden />
        <PasswordInput label={t("password.current")} autoComplete="current-password" required data-autofocus {...form.getInputProps("current")} />
        <PasswordInput label={t("password.new")} autoComplete="new-password" required {...form.getInputProps("new")} />
        <PasswordInput label={t("password.again")} autoComplete="new-password" required {...form.getInputProps("again")} />
        {fixed && (
          <Alert role="alert" color="red" variant="light">
            {t("password.fixed")}
          </Alert>
        )}
        <FormFoot action={common("save")} busy={busy} error={fixed ? null : error} cancel={done} />
      </Stack>
    </form>
  );
}
