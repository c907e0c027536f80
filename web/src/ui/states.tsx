import { Alert, Button, Skeleton, Stack } from "@mantine/core";
import { IconAlertTriangle, type TablerIcon } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { asApiError } from "~/api/client";
import { type common, useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";

import styles from "./kit.module.css";

type Known = keyof typeof common.en & `error.${string}`;

/** What is said for a code; others are told in the server's own words. */
const ADVICE: Record<string, Known> = {
  unreachable: "error.unreachable",
  unavailable: "error.unavailable",
  internal: "error.internal",
  forbidden: "error.forbidden",
  csrf: "error.csrf",
  absent: "error.absent",
  not_found: "error.absent",
  too_many_attempts: "error.throttled",
};

/** What happened and what to try, in one or two sentences. */
export function useErrorText(): (error: unknown) => string {
  const t = useCommon();
  const { duration } = useFormat();
  return (error) => {
    const { code, message, retryAfter } = asApiError(error);
    const advice = ADVICE[code];
    const wait = retryAfter === null ? "" : ` ${t("error.wait", { time: duration(retryAfter * 1000) })}`;
    return (advice ? t(advice) : message) + wait;
  };
}

/** Stands in for what could not be fetched or done; nothing while `error` is null. */
export function ErrorState({ error, retry, title }: { error: unknown; retry?: () => void; title?: string }) {
  const t = useCommon();
  const text = useErrorText();
  if (!error) return null;
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={title ?? t("error.title")}>
      <Stack gap="xs" align="flex-start">
        <span>{text(error)}</span>
        {retry && (
          <Button variant="default" onClick={retry}>
            {t("retry")}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** A list without rows, and what to do about it. */
export function EmptyState({ icon: Icon, title, text, action }: { icon: TablerIcon; title: string; text?: ReactNode; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <Icon size={28} stroke={1.4} aria-hidden />
      <div className={styles.emptyTitle}>{title}</div>
      {text && <div>{text}</div>}
      {action}
    </div>
  );
}

/** Holds the place of `rows` rows of `height` px, so that nothing jumps when they come. */
export function Loading({ rows = 6, height = 32 }: { rows?: number; height?: number }) {
  const t = useCommon();
  return (
    <Stack gap={8} role="status" aria-label={t("loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="sm" />
      ))}
    </Stack>
  );
}

/** One of: the skeleton, the error, the content made from the data. */
export function Loaded<Data>({ query, children, rows }: { query: Fetched<Data>; children: (data: Data) => ReactNode; rows?: number }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return <Loading rows={rows} />;
}

/** What of a query of TanStack is needed here. */
export interface Fetched<Data> {
  data: Data | undefined;
  error: unknown;
  refetch: () => unknown;
}
