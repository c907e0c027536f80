import { useForm } from "@mantine/form";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, toastDone, useSending } from "~/ui";

import { type Key, useActs } from "../data";
import { KeyFields } from "../form/fields";
import { bodyOf, NAMES, type Values, valuesOf } from "../form/values";
import { messages } from "../messages";

/** Everything of a key that can be changed. What others change meanwhile stays as they left it. */
export function EditForm({ item }: { item: Key }) {
  const t = useText(messages);
  const word = useCommon();
  const { change } = useActs();
  const [before, setBefore] = useState(() => valuesOf(item));
  const form = useForm<Values>({ initialValues: before });
  const { send, busy, error } = useSending(form, NAMES);
  const submit = form.onSubmit(async (values) => {
    const saved = await send(() => change(item.id, bodyOf(values, before)));
    if (!saved) return;
    const after = valuesOf(saved);
    setBefore(after);
    form.setValues(after);
    form.resetDirty(after);
    toastDone(t("done.saved", { label: saved.name }));
  });
  return (
    <form onSubmit={submit} noValidate>
      <KeyFields form={form} />
      <FormFoot action={word("save")} busy={busy} error={error} disabled={!form.isDirty() || !form.values.name.trim()} />
    </form>
  );
}
