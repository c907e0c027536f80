import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCircleCheck, IconPlayerPause, IconPlus, IconShieldCheck, IconShieldOff } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useActions } from "~/shell/actions";
import { Badge, type Column, DataTable, Foreign, Loaded, Moment, Section, TimeAgo } from "~/ui";

import { type User, useUsers } from "./data";
import { messages } from "./messages";
import { NewUser } from "./new-user";
import { ResetPassword } from "./reset-password";
import styles from "./security.module.css";
import { UserMenu } from "./user-menu";

/** Who may sign in. For administrators only. */
export function UsersSection({ self }: { self: string }) {
  const t = useText(messages);
  const common = useCommon();
  const query = useUsers();
  const [making, { open, close }] = useDisclosure();
  const [resetting, setResetting] = useState<User | null>(null);
  useActions([{ id: "security.user", label: t("users.new"), icon: IconPlus, run: open }]);
  const columns: Column<User>[] = [
    { id: "name", header: common("name"), cell: (user) => <UserName user={user} self={self} /> },
    { id: "role", header: t("role"), width: "9rem", cell: (user) => t(`role.${user.role}`) },
    { id: "state", header: t("state"), width: "8rem", cell: (user) => <State enabled={user.enabled} /> },
    { id: "totp", header: t("totp"), width: "8.5rem", cell: (user) => <Factor on={user.totp} /> },
    { id: "seen", header: t("seen"), width: "8rem", cell: (user) => <TimeAgo at={user.seenAt} /> },
    { id: "created", header: t("created"), width: "8rem", wide: true, cell: (user) => <Moment at={user.createdAt} style="day" /> },
    { id: "act", header: "", align: "right", width: "3.5rem", cell: (user) => <UserMenu user={user} reset={() => setResetting(user)} /> },
  ];
  const add = (
    <Button variant="default" leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
      {t("users.new")}
    </Button>
  );
  return (
    <Section title={t("users")} actions={add}>
      <Loaded query={query} rows={3}>
        {({ users }) => <DataTable items={users} columns={columns} label={t("users.list")} rowId={(user) => user.id} />}
      </Loaded>
      <NewUser opened={making} close={close} />
      <ResetPassword user={resetting} close={() => setResetting(null)} />
    </Section>
  );
}

function UserName({ user, self }: { user: User; self: string }) {
  const t = useText(messages);
  const marks = [user.id === self && t("you"), user.builtIn && t("builtIn")].filter(Boolean).join(", ");
  return (
    <span className={styles.line}>
      <Foreign text={user.name} lines={2} />
      {marks && <span className={styles.mark}>({marks})</span>}
    </span>
  );
}

function State({ enabled }: { enabled: boolean }) {
  const t = useText(messages);
  return (
    <Badge tone={enabled ? "ok" : "off"} icon={enabled ? IconCircleCheck : IconPlayerPause}>
      {t(enabled ? "enabled" : "disabled")}
    </Badge>
  );
}

function Factor({ on }: { on: boolean }) {
  const t = useText(messages);
  return (
    <Badge tone={on ? "ok" : "off"} icon={on ? IconShieldCheck : IconShieldOff}>
      {t(on ? "totp.on" : "totp.off")}
    </Badge>
  );
}
