import { Button, Text } from "@mantine/core";
import { IconDeviceLaptop } from "@tabler/icons-react";

import { call } from "~/api/client";
import { useSigning } from "~/api/session";
import { useText } from "~/i18n";
import { Badge, type Column, DataTable, Foreign, Loaded, Moment, Section, TimeAgo, toastDone, toastError, useConfirm } from "~/ui";

import { agentName } from "./agents";
import { type Session, useRenewed, useSessions } from "./data";
import { messages } from "./messages";
import styles from "./security.module.css";

/** Browsers that are signed in; any of them can be sent away. */
export function SessionsSection({ isAdmin }: { isAdmin: boolean }) {
  const t = useText(messages);
  const query = useSessions();
  const end = useEnd();
  const columns: Column<Session>[] = [
    { id: "browser", header: t("browser"), cell: (session) => <Browser session={session} /> },
    ...(isAdmin ? [{ id: "user", header: t("user"), width: "16%", cell: (session: Session) => <Foreign text={session.userName} lines={2} /> }] : []),
    { id: "seen", header: t("seen"), width: "9rem", cell: (session) => <TimeAgo at={session.seenAt} /> },
    { id: "since", header: t("since"), width: "9rem", wide: true, cell: (session) => <Moment at={session.createdAt} /> },
    { id: "ends", header: t("ends"), width: "9rem", wide: true, cell: (session) => <Moment at={session.expiresAt} /> },
    { id: "act", header: "", align: "right", width: "9rem", cell: (session) => <EndButton session={session} end={end} /> },
  ];
  return (
    <Section title={t("sessions")}>
      <Loaded query={query} rows={3}>
        {({ sessions }) => <DataTable items={newestFirst(sessions)} columns={columns} label={t(isAdmin ? "sessions.list" : "sessions.own")} rowId={(session) => session.id} />}
      </Loaded>
    </Section>
  );
}

/** One's own first, then whoever was seen last. */
function newestFirst(sessions: readonly Session[]): Session[] {
  return [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || (b.seenAt ?? "").localeCompare(a.seenAt ?? ""));
}

function Browser({ session }: { session: Session }) {
  const t = useText(messages);
  return (
    <div className={styles.browser}>
      <span className={styles.line}>
        <span title={session.agent}>
          <Foreign text={agentName(session.agent) || t("unknownBrowser")} />
        </span>
        {session.current && (
          <Badge tone="accent" icon={IconDeviceLaptop}>
            {t("thisOne")}
          </Badge>
        )}
      </span>
      <Text component="div" size="xs" c="dimmed">
        <Foreign text={session.address} />
      </Text>
    </div>
  );
}

type End = (session: Session) => Promise<void>;

function EndButton({ session, end }: { session: Session; end: End }) {
  const t = useText(messages);
  const label = t("end.of", { name: session.userName, agent: agentName(session.agent) || t("unknownBrowser") });
  return (
    <Button variant="default" c="red" size="xs" aria-label={label} onClick={() => void end(session)}>
      {t("end")}
    </Button>
  );
}

function useEnd(): End {
  const t = useText(messages);
  const confirm = useConfirm();
  const renewed = useRenewed();
  const { signOut } = useSigning();
  return async (session) => {
    const agent = agentName(session.agent) || t("unknownBrowser");
    const text = <bdi>{session.current ? t("end.self") : t("end.text", { name: session.userName, agent, address: session.address })}</bdi>;
    if (!(await confirm({ title: t("end"), text, action: t("end"), danger: true }))) return;
    try {
      if (session.current) return await signOut();
      await call("DELETE", `/api/sessions/${encodeURIComponent(session.id)}`);
      toastDone(t("ended"));
    } catch (error) {
      toastError(error);
    }
    await renewed("sessions");
  };
}
