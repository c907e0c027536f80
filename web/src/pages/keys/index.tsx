import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { useActions } from "~/shell/actions";
import { PageHeader, useOpened, useUrlState } from "~/ui";

import { CreateDialog } from "./create-dialog";
import { KeyDrawer } from "./drawer";
import { KeyFilters } from "./filters";
import { KeyList } from "./key-list";
import { messages } from "./messages";

/** The keys: who may use what, and how much of it is left. */
export default function Keys() {
  const t = useText(messages);
  const { isAdmin } = useSession();
  const [filters, change, clear] = useUrlState(["q", "enabled", "sort"]);
  const [{ add }, setAdd] = useUrlState(["add"]);
  const { id, open, close } = useOpened("/keys");
  const begin = () => setAdd({ add: "key" });
  useActions(isAdmin ? [{ id: "keys.new", label: t("new"), icon: IconPlus, run: begin }] : []);
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        actions={
          isAdmin && (
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={begin}>
              {t("new")}
            </Button>
          )
        }
      />
      <KeyFilters filters={filters} change={change} clear={clear} />
      <KeyList filters={filters} openId={id} onOpen={open} onClear={clear} onNew={isAdmin ? begin : undefined} />
      <KeyDrawer id={id} onClose={close} />
      {isAdmin && <CreateDialog opened={add !== ""} onClose={() => setAdd({ add: "" })} />}
    </>
  );
}
