import { Modal, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";

import { call } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, toastDone, useSending } from "~/ui";

import { type User, useRenewed } from "./data";
import { messages } from "./messages";
import { SHORTEST } from "./password";
import { RoleChoice } from "./role-choice";

/** Lets somebody else sign in. */
export function NewUser({ opened, close }: { opened: boolean; close: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  return (
    <Modal opened={opened} onClose={close} title={t("users.new")} closeButtonProps={{ "aria-label": common("close") }}>
      <UserForm done={close} />
    </Modal>
  );
}

function UserForm({ done }: { done: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const renewed = useRenewed();
  const form = useForm({
    initialValues: { name: "", password: "", role: "viewer" as User["role"] },
    validate: { password: (text) => (text.length < SHORTEST ? t("password.short") : null) },
  });
  const { send, busy, error } = useSending(form, ["name", "password", "role"]);
  const submit = form.onSubmit(async (body) => {
    const made = await send(() => call<User>("POST", "/api/users", { body }));
    if (!made) return;
    toastDone(<bdi>{t("users.made", { name: made.name })}</bdi>);
    void renewed("users");
    done();
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput label={common("name")} required maxLength={64} autoComplete="off" data-autofocus {...form.getInputProps("name")} />
        <PasswordInput label={t("users.initial")} description={t("password.short")} required autoComplete="new-password" {...form.getInputProps("password")} />
        <RoleChoice value={form.values.role} onChange={(role) => form.setFieldValue("role", role)} />
        <FormFoot action={common("create")} busy={busy} error={error} cancel={done} />
      </Stack>
    </form>
  );
}
