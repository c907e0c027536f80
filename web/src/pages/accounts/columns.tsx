import { Checkbox } from "@mantine/core";

import type { Text } from "~/i18n";
import type { Column } from "~/ui";

import styles from "./accounts.module.css";
import { AllowanceCell, FaultCell, HealthCell, LoadCell, NameCell, StatusCell, TokenCell, UseCell } from "./cells";
import type { Account } from "./kinds";
import { lastFault, STATUSES, usedShare } from "./list";
import type { messages } from "./messages";
import { RowMenu } from "./row-menu";

export interface Selection {
  ids: ReadonlySet<string>;
  toggle: (id: string) => void;
}

interface Words {
  t: Text<keyof typeof messages.en>;
  status: string;
  account: string;
}

const END = 8.64e15;

/** Without a selection (a viewer has none) rows have neither boxes nor a menu. */
export function columnsOf({ t, status, account }: Words, selection: Selection | null): Column<Account>[] {
  const columns: Column<Account>[] = [
    { id: "label", header: account, cell: (item) => <Named account={item} selection={selection} t={t} />, sort: (item) => item.label },
    { id: "status", header: status, cell: (item) => <StatusCell account={item} />, sort: (item) => STATUSES.indexOf(item.status) },
    { id: "allowance", header: t("allowance"), cell: (item) => <AllowanceCell account={item} />, sort: usedShare },
    { id: "health", header: t("healthHead"), cell: (item) => <HealthCell account={item} />, sort: (item) => item.health },
    { id: "load", header: t("load"), cell: (item) => <LoadCell account={item} />, sort: (item) => item.inFlight },
    { id: "use", header: t("use"), cell: (item) => <UseCell account={item} />, sort: (item) => item.stats.totalRequests, align: "right" },
    { id: "fault", header: t("fault"), cell: (item) => <FaultCell account={item} />, sort: (item) => lastFault(item)?.cause ?? "", wide: true },
    { id: "token", header: t("token"), cell: (item) => <TokenCell account={item} />, sort: (item) => (item.expiresAt ? Date.parse(item.expiresAt) : END), wide: true },
  ];
  if (selection) columns.push({ id: "menu", header: "", cell: (item) => <RowMenu account={item} />, width: "2.5rem", align: "right" });
  return columns;
}

function Named({ account, selection, t }: { account: Account; selection: Selection | null; t: Words["t"] }) {
  if (!selection) return <NameCell account={account} />;
  return (
    <div className={styles.named}>
      <Checkbox size="xs" mt={2} aria-label={t("select", { label: account.label })} checked={selection.ids.has(account.id)} onChange={() => selection.toggle(account.id)} />
      <NameCell account={account} />
    </div>
  );
}
