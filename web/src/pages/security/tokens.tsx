import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconClockOff, IconPlus, IconTerminal2, IconTrash } from "@tabler/icons-react";

import { call } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useActions } from "~/shell/actions";
import { Badge, type Column, DataTable, EmptyState, Foreign, Loaded, Moment, Section, TimeAgo, toastDone, toastError, useConfirm, useNow } from "~/ui";

import { type Token, useRenewed, useTokens } from "./data";
import { messages } from "./messages";
import { NewToken } from "./new-token";

/** Credentials for scripts. For administrators only. */
export function TokensSection() {
  const t = useText(messages);
  const common = useCommon();
  const query = useTokens();
  const [making, { open, close }] = useDisclosure();
  const revoke = useRevoke();
  useActions([{ id: "security.token", label: t("tokens.new"), icon: IconPlus, run: open }]);
  const columns: Column<Token>[] = [
    { id: "name", header: common("name"), cell: (token) => <Foreign text={token.name} lines={2} /> },
    { id: "prefix", header: t("begins"), width: "8rem", cell: (token) => <Foreign text={token.prefix} mono /> },
    { id: "role", header: t("role"), width: "9rem", cell: (token) => t(`role.${token.role}`) },
    { id: "expires", header: t("expires"), width: "9rem", cell: (token) => <Expiry at={token.expiresAt} /> },
    { id: "used", header: t("used"), width: "8rem", cell: (token) => <TimeAgo at={token.usedAt} /> },
    { id: "by", header: t("by"), width: "10rem", wide: true, cell: (token) => <Foreign text={token.createdBy} /> },
    { id: "act", header: "", align: "right", width: "3.5rem", cell: (token) => <RevokeButton token={token} revoke={revoke} /> },
  ];
  const add = (
    <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
      {t("tokens.new")}
    </Button>
  );
  const empty = <EmptyState icon={IconTerminal2} title={t("tokens.none")} text={t("tokens.noneText")} action={add} />;
  return (
    <Section title={t("tokens")} actions={query.data?.tokens.length ? add : undefined}>
      <Loaded query={query} rows={3}>
        {({ tokens }) => <DataTable items={tokens} columns={columns} label={t("tokens.list")} rowId={(token) => token.id} empty={empty} />}
      </Loaded>
      <NewToken opened={making} close={close} />
    </Section>
  );
}

function Expiry({ at }: { at: string | null }) {
  const t = useText(messages);
  const now = useNow(60_000);
  if (at === null) return <span>{t("expires.never")}</span>;
  if (new Date(at).getTime() > now) return <Moment at={at} style="day" />;
  return (
    <Badge tone="bad" icon={IconClockOff}>
      {t("expired")}
    </Badge>
  );
}

function RevokeButton({ token, revoke }: { token: Token; revoke: (token: Token) => Promise<void> }) {
  const t = useText(messages);
  return (
    <Tooltip label={t("remove")}>
      <ActionIcon aria-label={t("revoke.label", { name: token.name })} onClick={() => void revoke(token)}>
        <IconTrash size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

function useRevoke() {
  const t = useText(messages);
  const confirm = useConfirm();
  const renewed = useRenewed();
  return async ({ id, name }: Token) => {
    if (!(await confirm({ title: t("revoke.title", { name }), text: t("revoke.text"), action: t("remove"), danger: true }))) return;
    try {
      await call("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
      toastDone(<bdi>{t("revoke.done", { name })}</bdi>);
    } catch (error) {
      toastError(error);
    }
    await renewed("tokens");
  };
}
