import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { IconCircleX, IconHistory, IconRefresh, IconUser } from "@tabler/icons-react";
import { useEffect, useRef } from "react";

import { call } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { EmptyState, Foreign, Loaded, LoadMore, Moment, StatusBadge, toneClass } from "~/ui";

import type { Schema } from "~/api/client";

import type { Account } from "../kinds";
import styles from "./drawer.module.css";
import { messages } from "./messages";

type Event = Schema<"MomentRead">;
type Page = Schema<"MomentList">;

const PAGE = 30;
/** The server looks at accounts once a second; a little later what it saw is there. */
const SETTLE_MS = 1500;

/** What happened to an account and what was done with it, newest first. */
export function Timeline({ account }: { account: Account }) {
  const t = useText(messages);
  const query = useTimeline(account);
  const events = query.data?.pages.flatMap((page) => page.events);
  return (
    <Loaded query={{ data: events, error: query.error, refetch: query.refetch }}>
      {(found) =>
        found.length === 0 ? (
          <EmptyState icon={IconHistory} title={t("time.empty")} text={t("time.emptyText")} />
        ) : (
          <>
            <ol className={styles.lines} aria-label={t("tab.timeline")}>
              {found.map((event) => (
                <Line key={event.id} event={event} />
              ))}
            </ol>
            <LoadMore query={query} />
          </>
        )
      }
    </Loaded>
  );
}

function useTimeline(account: Account) {
  const client = useQueryClient();
  const key = ["timeline", account.id];
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) =>
      call<Page>("GET", `/api/accounts/${encodeURIComponent(account.id)}/timeline`, { query: { limit: PAGE, cursor: pageParam } }),
    initialPageParam: null as string | null,
    getNextPageParam: (page: Page) => page.nextCursor,
    staleTime: 0,
  });
  // What is worth a line of the timeline shows in the account, too.
  const stood = [account.status, account.reason, account.disabled, account.expiresAt, account.label].join("\n");
  const first = useRef(stood);
  useEffect(() => {
    if (first.current === stood) return;
    first.current = stood;
    const timer = setTimeout(() => void client.invalidateQueries({ queryKey: ["timeline", account.id] }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [stood, client, account.id]);
  return query;
}

function Line({ event }: { event: Event }) {
  return (
    <li className={styles.line}>
      <span className={styles.when}>
        <Moment at={event.at} />
      </span>
      <Mark event={event} />
      <div>
        <What event={event} />
      </div>
    </li>
  );
}

function Mark({ event }: { event: Event }) {
  if (event.type === "change") return <IconUser size={16} aria-hidden />;
  if (event.type === "status") return <span />;
  const Icon = event.ok ? IconRefresh : IconCircleX;
  return (
    <span className={toneClass(event.ok ? "ok" : "bad")} style={{ color: "var(--tone)" }}>
      <Icon size={16} aria-hidden />
    </span>
  );
}

type ActName = Extract<keyof typeof messages.en, `act.${string}`>;
const known = (name: string): name is ActName => name in messages.en;

function What({ event }: { event: Event }) {
  const t = useText(messages);
  const word = useCommon();
  const { moment } = useFormat();
  if (event.type === "status" && event.status) {
    return (
      <>
        <StatusBadge status={event.status} />
        <div className={styles.note}>
          {event.reason && <Foreign text={event.reason} lines={3} />}
          {event.until && t("time.until", { time: moment(event.until) })}
        </div>
      </>
    );
  }
  if (event.type === "refresh") {
    return (
      <>
        {event.ok ? t("time.renewed") : t("time.notRenewed")}
        {event.reason && <div className={styles.note}><Foreign text={event.reason} lines={3} /></div>}
      </>
    );
  }
  const name = `act.${event.action}`;
  return (
    <>
      {known(name) ? t(name) : (event.action ?? word("unknown"))}
      <div className={styles.note}>
        {event.actor && <Foreign text={t("time.by", { actor: event.actor })} />}
        {event.reason && <Foreign text={t("time.fields", { fields: event.reason })} lines={3} />}
      </div>
    </>
  );
}
