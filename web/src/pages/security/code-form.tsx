import { Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { QRCodeSVG } from "qrcode.react";

import { call, type Schema } from "~/api/client";
import { useText } from "~/i18n";
import { CodeBlock, FormFoot, useSending } from "~/ui";

import { messages } from "./messages";
import styles from "./security.module.css";

interface CodeFormProps {
  /** What is to be put into the app first; none to switch off. */
  begun?: Schema<"TotpBegun">;
  enabled: boolean;
  done: () => void;
  cancel: () => void;
}

const QR_PX = 176;

/** Switches the second factor on or off, with a code of it. */
export function CodeForm({ begun, enabled, done, cancel }: CodeFormProps) {
  const t = useText(messages);
  const form = useForm({ initialValues: { code: "" } });
  const { send, busy, error } = useSending(form, ["code"]);
  const submit = form.onSubmit(async ({ code }) => {
    const sent = await send(async () => {
      await call("PUT", "/api/session/totp", { body: { enabled, code: code.replace(/\s/g, "") } });
      return true;
    });
    if (sent) done();
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{t(enabled ? "totp.scan" : "totp.offText")}</Text>
        {begun && (
          <>
            <div className={styles.qr}>
              <QRCodeSVG value={begun.uri} size={QR_PX} marginSize={3} title={t("totp.qr")} />
            </div>
            <CodeBlock text={begun.secret} label={t("totp.secret")} wrap />
          </>
        )}
        <TextInput label={t("totp.code")} inputMode="numeric" autoComplete="one-time-code" required data-autofocus {...form.getInputProps("code")} />
        <FormFoot action={t(enabled ? "totp.confirm" : "totp.switchOff")} busy={busy} error={error} cancel={cancel} />
      </Stack>
    </form>
  );
}
