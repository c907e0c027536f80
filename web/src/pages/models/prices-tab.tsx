import { ActionIcon, Button, Group, Text, Tooltip } from "@mantine/core";
import { IconCoin, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { call } from "~/api/client";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useActions } from "~/shell/actions";
import { type Column, DataTable, deleteWithUndo, EmptyState, Foreign, Loaded } from "~/ui";

import { PRICES, useModels, usePrices } from "./data";
import { useDollars } from "./dollars";
import { messages } from "./messages";
import styles from "./models.module.css";
import type { Price } from "./parts";
import { PriceDialog } from "./price-dialog";
import { priceOf } from "./pricing";

/** What models cost. */
export function PricesTab() {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const query = usePrices();
  const models = useModels().data?.models ?? [];
  const dollars = useDollars();
  const [editing, setEditing] = useState<Price | "new" | null>(null);
  const begin = () => setEditing("new");
  useActions(isAdmin ? [{ id: "prices.add", label: t("prices.add"), icon: IconPlus, run: begin }] : []);
  const prices = query.data?.prices ?? [];
  const uses = (price: Price) => models.filter((model) => priceOf(model, prices)?.id === price.id).map(({ kind, id }) => `${kind}/${id}`);
  const figure = (id: "input" | "output" | "cacheRead" | "cacheWrite", header: string): Column<Price> => ({
    id,
    header,
    align: "right",
    width: "7.5rem",
    sort: (price) => price[id],
    cell: (price) => dollars(price[id]),
  });
  const columns: Column<Price>[] = [
    { id: "model", header: t("prices.for"), width: "24%", sort: (price) => price.model, cell: (price) => <Foreign text={price.model} lines={2} mono /> },
    figure("input", t("input")),
    figure("output", t("outputPrice")),
    figure("cacheRead", t("cacheRead")),
    figure("cacheWrite", t("cacheWrite")),
    { id: "uses", header: t("prices.uses"), wide: true, cell: (price) => <Foreign text={uses(price).join(", ") || "–"} lines={2} /> },
    ...(isAdmin ? [{ id: "act", header: "", align: "right" as const, width: "5rem", cell: (price: Price) => <Acts price={price} edit={() => setEditing(price)} /> }] : []),
  ];
  const add = isAdmin && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={begin}>
      {t("prices.add")}
    </Button>
  );
  return (
    <>
      <Group justify="space-between" mb="sm">
        <Text size="sm" c="dimmed" className={styles.lead}>
          {t("prices.text")}
        </Text>
        {add}
      </Group>
      <Loaded query={query} rows={8}>
        {() => <DataTable items={prices} columns={columns} label={t("prices.list")} rowId={(price) => price.id} empty={<EmptyState icon={IconCoin} title={t("prices.none")} text={t("prices.noneText")} />} />}
      </Loaded>
      <PriceDialog price={editing} close={() => setEditing(null)} />
    </>
  );
}

function Acts({ price, edit }: { price: Price; edit: () => void }) {
  const t = useText(messages);
  const common = useCommon();
  const client = useQueryClient();
  const renew = () => client.invalidateQueries({ queryKey: PRICES });
  const remove = async () => {
    const { id, ...body } = price;
    await deleteWithUndo({
      label: price.model,
      delete: () => call("DELETE", `/api/prices/${encodeURIComponent(id)}`),
      restore: () => call("POST", "/api/prices", { body }).finally(renew),
    });
    await renew();
  };
  return (
    <Group gap={2} justify="flex-end" wrap="nowrap">
      <Tooltip label={common("edit")}>
        <ActionIcon aria-label={t("prices.edit", { model: price.model })} onClick={edit}>
          <IconPencil size={16} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={common("delete")}>
        <ActionIcon aria-label={t("prices.delete", { model: price.model })} onClick={() => void remove()}>
          <IconTrash size={16} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
