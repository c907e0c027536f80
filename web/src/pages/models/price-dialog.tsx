import { Modal, NumberInput, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useQueryClient } from "@tanstack/react-query";

import { call } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { FormFoot, toastDone, useSending } from "~/ui";

import { PRICES } from "./data";
import { messages } from "./messages";
import type { Price } from "./parts";

interface PriceDialogProps {
  price: Price | "new" | null;
  close: () => void;
}

export function PriceDialog({ price, close }: PriceDialogProps) {
  const t = useText(messages);
  const common = useCommon();
  return (
    <Modal opened={price !== null} onClose={close} title={t(price === "new" ? "prices.new" : "prices.change")} closeButtonProps={{ "aria-label": common("close") }}>
      {price !== null && <PriceForm price={price === "new" ? null : price} done={close} />}
    </Modal>
  );
}

type Figure = number | "";
/** "" is left to the server: what is usual in proportion to the input. */
const figureOf = (text: string | number): Figure => (typeof text === "number" ? text : "");
const orNull = (figure: Figure) => (figure === "" ? null : figure);

function PriceForm({ price, done }: { price: Price | null; done: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const client = useQueryClient();
  const given = (figure: Figure) => (figure === "" ? t("required") : null);
  const form = useForm({
    initialValues: { model: price?.model ?? "", input: (price?.input ?? "") as Figure, output: (price?.output ?? "") as Figure, cacheRead: (price?.cacheRead ?? "") as Figure, cacheWrite: (price?.cacheWrite ?? "") as Figure },
    validate: { input: given, output: given },
  });
  const { send, busy, error } = useSending(form, ["model", "input", "output", "cacheRead", "cacheWrite"]);
  const submit = form.onSubmit(async ({ model, input, output, cacheRead, cacheWrite }) => {
    const wanted = { model, input, output, cacheRead: orNull(cacheRead), cacheWrite: orNull(cacheWrite) };
    // What is not named may follow the input, as it did before.
    const body = Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== price?.[name as keyof typeof wanted]));
    const path = price ? `/api/prices/${encodeURIComponent(price.id)}` : "/api/prices";
    const saved = await send(() => call<Price>(price ? "PUT" : "POST", path, { body }));
    if (!saved) return;
    toastDone(<bdi>{t("prices.saved", { model: saved.model })}</bdi>);
    void client.invalidateQueries({ queryKey: PRICES });
    done();
  });
  const figure = (name: "input" | "output" | "cacheRead" | "cacheWrite") => ({
    ...form.getInputProps(name),
    onChange: (text: string | number) => form.setFieldValue(name, figureOf(text)),
    min: 0,
    step: 0.1,
    decimalScale: 6,
    prefix: "$",
    allowNegative: false,
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput label={t("prices.for")} description={t("prices.for.hint")} required maxLength={200} data-autofocus {...form.getInputProps("model")} />
        <SimpleGrid cols={2}>
          <NumberInput label={t("input")} required {...figure("input")} />
          <NumberInput label={t("outputPrice")} required {...figure("output")} />
          <NumberInput label={t("cacheRead")} description={t("cacheRead.hint")} {...figure("cacheRead")} />
          <NumberInput label={t("cacheWrite")} description={t("cacheWrite.hint")} {...figure("cacheWrite")} />
        </SimpleGrid>
        <FormFoot action={common("save")} busy={busy} error={error} cancel={done} />
      </Stack>
    </form>
  );
}
