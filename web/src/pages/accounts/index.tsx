import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useActions } from "~/shell/actions";
import { Loaded, PageHeader, useOpened, useUrlState } from "~/ui";

import { AddDialog } from "./adding";
import { useAccounts } from "./data";
import { AccountDrawer } from "./drawer";
import { AccountsList } from "./accounts-list";
import { AccountFilters } from "./filters";
import { messages } from "./messages";
import { Summary } from "./summary";
import { useGo } from "./use-go";

const ROWS = 9;

/** The accounts: how they stand, what they do, and everything that can be done with them. */
export default function Accounts() {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const query = useAccounts();
  const [filters, change, clear] = useUrlState(["q", "status", "kind"]);
  const [{ add }, setAdd] = useUrlState(["add"]);
  const { id } = useOpened("/accounts");
  const go = useGo();
  const begin = () => setAdd({ add: "choose" });
  useActions(isAdmin ? [{ id: "accounts.add", label: t("add"), icon: IconPlus, run: begin }] : []);
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={query.data && <Summary accounts={query.data.accounts} onPick={(status) => change({ status })} />}
        actions={
          isAdmin && (
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={begin}>
              {t("add")}
            </Button>
          )
        }
      />
      <AccountFilters filters={filters} change={change} clear={clear} />
      <Loaded query={query} rows={ROWS}>
        {({ accounts }) => (
          <>
            <AccountsList accounts={accounts} filters={filters} isAdmin={isAdmin} openId={id} onOpen={(wanted) => go(wanted, {})} onAdd={begin} onClear={clear} />
            <AccountDrawer id={id} account={accounts.find((one) => one.id === id)} />
          </>
        )}
      </Loaded>
      {isAdmin && <AddDialog method={add} onMethod={(method) => setAdd({ add: method })} onOpen={(wanted) => go(wanted, { add: "" })} />}
    </>
  );
}
