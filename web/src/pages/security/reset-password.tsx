import { Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";

import { asApiError, call } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { ErrorState, FormFoot, toastDone, useSending } from "~/ui";

import { type User, useRenewed } from "./data";
import { messages } from "./messages";
import { SHORTEST } from "./password";

/** Gives a user a new password. */
export function ResetPassword({ user, close }: { user: User | null; close: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  return (
    <Modal opened={user !== null} onClose={close} title={<bdi>{t("reset.title", { name: user?.name ?? "" })}</bdi>} closeButtonProps={{ "aria-label": common("close") }}>
      {user && <ResetForm user={user} done={close} />}
    </Modal>
  );
}

function ResetForm({ user, done }: { user: User; done: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const renewed = useRenewed();
  const form = useForm({ initialValues: { password: "" }, validate: { password: (text) => (text.length < SHORTEST ? t("password.short") : null) } });
  const { send, busy, error } = useSending(form, ["password"]);
  const submit = form.onSubmit(async (body) => {
    const changed = await send(() => call<User>("PUT", `/api/users/${encodeURIComponent(user.id)}`, { body }));
    if (!changed) return;
    toastDone(<bdi>{t("reset.done", { name: user.name })}</bdi>);
    void renewed("sessions");
    done();
  });
  const fixed = error !== null && asApiError(error).code === "set_by_environment";
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t("reset.text")}</Text>
        <PasswordInput label={t("password.new")} description={t("password.short")} required autoComplete="new-password" data-autofocus {...form.getInputProps("password")} />
        <ErrorState error={fixed ? new Error(t("password.fixed")) : null} />
        <FormFoot action={common("save")} busy={busy} error={fixed ? null : error} cancel={done} />
      </Stack>
    </form>
  );
}
