import type { Text } from "~/i18n";
import { type Column, Foreign, Money, Tokens } from "~/ui";
import { TightestLimit } from "~/ui/key-usage";

import type { Key } from "./data";
import type { messages } from "./messages";
import styles from "./keys.module.css";
import { Expiry, KeyState } from "./state";

type PageText = Text<keyof typeof messages.en>;

export interface Words {
  t: PageText;
  name: string;
  status: string;
  requests: string;
  tokens: string;
  cost: string;
  number: (value: number) => string;
}

export function columnsOf({ t, name, status, requests, tokens, cost, number }: Words): Column<Key>[] {
  return [
    { id: "name", header: name, cell: (key) => <Named item={key} /> },
    { id: "status", header: status, width: "7.5rem", cell: (key) => <KeyState item={key} /> },
    { id: "limit", header: t("tightest"), width: "24%", cell: (key) => <TightestLimit usage={key.usage} /> },
    { id: "requests", header: requests, align: "right", cell: (key) => number(key.stats.totalRequests) },
    { id: "tokens", header: tokens, align: "right", cell: (key) => <Tokens value={key.stats.inputTokens + key.stats.outputTokens} /> },
    { id: "cost", header: cost, align: "right", cell: (key) => <Money value={key.stats.totalCost} /> },
    { id: "may", header: t("may"), wide: true, width: "14%", cell: (key) => <May item={key} t={t} /> },
    { id: "expires", header: t("expires"), wide: true, width: "8rem", cell: (key) => <Expiry item={key} /> },
  ];
}

function Named({ item }: { item: Key }) {
  return (
    <div className={styles.named}>
      <Foreign text={item.name} lines={2} />
      <span className={styles.prefix}>{item.prefix}…</span>
    </div>
  );
}

function May({ item, t }: { item: Key; t: PageText }) {
  const { allowedModels: models, allowedAccountIds: accounts } = item;
  return (
    <div className={styles.may}>
      {models.length ? <Foreign text={models.join(", ")} /> : <span>{t("allModels")}</span>}
      <span>{accounts.length ? t("someAccounts", { count: accounts.length }) : t("allAccounts")}</span>
    </div>
  );
}
