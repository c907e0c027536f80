import { Button, Group } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { useState } from "react";

import { asApiError } from "~/api/client";
import { useCommon } from "~/i18n/common";

import { ErrorState } from "./states";

/** What of a form is needed to show an error at its field. */
type Fields = Pick<UseFormReturnType<Record<string, unknown>>, "setFieldError">;

/** Puts an error at the field it names, when the form has it ("limits.requests.day" also as such). True when it did. */
export function showAtField(form: Fields, names: readonly string[], error: unknown): boolean {
  const { field, message } = asApiError(error);
  const name = field === null ? undefined : (names.find((found) => found === field) ?? names.find((found) => field.startsWith(`${found}.`) || field.startsWith(`${found}[`)));
  if (name === undefined) return false;
  form.setFieldError(name, message);
  return true;
}

/** Sends a form: `const { send, busy, error } = useSending(form, ["name"])`, then `send(() => call(...))`.
 *
 * An error goes to its field; `error` is the one that has none, for `FormFoot`.
 */
export function useSending(form: Fields, names: readonly string[]) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const send = async <Answer,>(work: () => Promise<Answer>): Promise<Answer | undefined> => {
    setBusy(true);
    setError(null);
    try {
      return await work();
    } catch (fault) {
      if (!showAtField(form, names, fault)) setError(fault);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { send, busy, error };
}

interface FormFootProps {
  /** The word on the button that sends it. */
  action: string;
  busy: boolean;
  error?: unknown;
  cancel?: () => void;
  disabled?: boolean;
}

/** The end of a form: the error that belongs to no field, and the buttons. */
export function FormFoot({ action, busy, error, cancel, disabled }: FormFootProps) {
  const t = useCommon();
  return (
    <>
      <ErrorState error={error} />
      <Group justify="flex-end" mt="md" gap="xs">
        {cancel && (
          <Button variant="default" onClick={cancel}>
            {t("cancel")}
          </Button>
        )}
        <Button type="submit" loading={busy} disabled={disabled}>
          {action}
        </Button>
      </Group>
    </>
  );
}
