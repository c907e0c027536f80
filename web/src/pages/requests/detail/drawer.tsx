import { ActionIcon, Group, Tooltip } from "@mantine/core";
import { IconChevronDown, IconChevronUp, type TablerIcon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { api, ApiError, of } from "~/api/client";
import { useText } from "~/i18n";
import { CopyButton, DrawerPage, ErrorState, Foreign, Loading } from "~/ui";

import type { Row } from "../filters";
import { command } from "../marks";
import { RequestDetail } from "./detail";
import styles from "./detail.module.css";
import { messages } from "./messages";

interface RequestDrawerProps {
  id: string | null;
  /** The list behind it, through which j and k lead. */
  rows: readonly Row[];
  open: (id: string) => void;
  close: () => void;
}

/** A record is written a moment after its request has ended and was told of. */
const NOT_YET = { tries: 3, waitMs: 400 };

export function RequestDrawer({ id, rows, open, close }: RequestDrawerProps) {
  const t = useText(messages);
  const place = rows.findIndex((row) => row.requestId === id);
  const listed = place >= 0;
  const query = useQuery({
    queryKey: ["requests", "one", id],
    queryFn: ({ signal }) => of(api.GET("/api/requests/{request_id}", { params: { path: { request_id: id ?? "" } }, signal })),
    enabled: id !== null,
    retry: (failures, error) => error instanceof ApiError && failures < (error.status === 404 ? (listed ? NOT_YET.tries : 0) : Number(error.status === 0 || error.status >= 500)),
    retryDelay: NOT_YET.waitMs,
  });
  const newer = listed ? rows[place - 1]?.requestId : undefined;
  const older = listed ? rows[place + 1]?.requestId : undefined;
  useStepping(rows, open);
  const title = (
    <Group gap="xs" wrap="nowrap" className={styles.title}>
      <Foreign text={id ?? ""} mono />
      <CopyButton text={id ?? ""} />
      <Step icon={IconChevronUp} label={t("previous")} to={newer} open={open} />
      <Step icon={IconChevronDown} label={t("next")} to={older} open={open} />
    </Group>
  );
  const absent = query.error instanceof ApiError && query.error.status === 404;
  return (
    <DrawerPage opened={id !== null} onClose={close} title={title} size="min(58rem, 100vw)">
      {id !== null && (
        // Begins here, not at a button whose hint would cover the text.
        <div className={styles.content} tabIndex={-1} data-autofocus>
          {query.data && <RequestDetail request={query.data} command={command(id)} open={open} />}
          {query.isPending && <Loading rows={14} />}
          {query.isError && <ErrorState error={query.error} title={absent ? t("absent", { id }) : undefined} retry={() => void query.refetch()} />}
        </div>
      )}
    </DrawerPage>
  );
}

interface StepProps {
  icon: TablerIcon;
  label: string;
  to: string | undefined;
  open: (id: string) => void;
}

function Step({ icon: Icon, label, to, open }: StepProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} disabled={to === undefined} onClick={() => to !== undefined && open(to)}>
        <Icon size={18} />
      </ActionIcon>
    </Tooltip>
  );
}

const WRITING = "input, textarea, select, [contenteditable=true], [role=textbox]";

/** j leads to the older one, k to the newer one, as long as nobody writes. */
function useStepping(rows: readonly Row[], open: (id: string) => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const by = { j: 1, k: -1 }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey || (event.target instanceof Element && event.target.closest(WRITING))) return;
      // By the address, which is right at once: keys may come faster than pages are drawn.
      const at = rows.findIndex((row) => location.pathname === `/requests/${encodeURIComponent(row.requestId)}`);
      const to = at < 0 ? undefined : rows[at + by]?.requestId;
      if (to !== undefined) open(to);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [rows, open]);
}
