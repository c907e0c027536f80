import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { type ApiError, asApiError } from "~/api/client";
import { useSigning } from "~/api/session";
import { useText } from "~/i18n";
import { Countdown, ErrorState, useNow } from "~/ui";

import { messages } from "./messages";

/** Name and password; the code only once the server asks for it. */
export function SignInForm() {
  const t = useText(messages);
  const { signIn } = useSigning();
  const [name, setName] = useState("admin");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [until, setUntil] = useState(0);
  const held = useNow() < until;

  const refused = (fault: ApiError) => {
    if (fault.retryAfter !== null) setUntil(Date.now() + fault.retryAfter * 1000);
    if (fault.code === "wrong_code") setCode("");
    if (fault.code === "code_needed") setAsked(true);
    else setError(fault);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn({ name, password, ...(asked ? { code: code.replace(/\s/g, "") } : {}) });
    } catch (fault) {
      refused(asApiError(fault));
    }
    setBusy(false);
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="sm">
        <TextInput label={t("name")} name="username" autoComplete="username" required withAsterisk={false} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <PasswordInput label={t("password")} name="password" autoComplete="current-password" required withAsterisk={false} autoFocus value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        {asked && (
          <TextInput label={t("code")} name="code" autoComplete="one-time-code" inputMode="numeric" required withAsterisk={false} autoFocus value={code} onChange={(event) => setCode(event.currentTarget.value)} />
        )}
        <Refusal error={error} held={held} until={until} />
        <Button type="submit" loading={busy} disabled={held} fullWidth mt={4}>
          {t("submit")}
        </Button>
      </Stack>
    </form>
  );
}

function Refusal({ error, held, until }: { error: ApiError | null; held: boolean; until: number }) {
  const t = useText(messages);
  if (held) {
    return (
      <Alert role="alert" color="red" variant="light" py="xs">
        {t("throttled")} <Countdown until={until} />
      </Alert>
    );
  }
  if (!error || error.code === "too_many_attempts") return null;
  const known = { wrong_credentials: t("wrong"), wrong_code: t("wrongCode") }[error.code];
  if (!known) return <ErrorState error={error} />;
  return (
    <Alert role="alert" color="red" variant="light" py="xs">
      {known}
    </Alert>
  );
}
