import { Anchor, Loader } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { Badge, Foreign, StatusBadge } from "~/ui";

import { type Account, isReady } from "./accounts";
import { messages } from "./messages";
import styles from "./welcome.module.css";

const SHOWN = 5;

/** How each account comes along: signing in, ready, or why not. The newest first. */
export function AccountProgress({ accounts }: { accounts: readonly Account[] }) {
  const t = useText(messages);
  if (accounts.length === 0) return null;
  const newest = accounts.toReversed();
  return (
    <ul className={styles.accounts} aria-label={t("account.list")} aria-live="polite">
      {newest.slice(0, SHOWN).map((account) => (
        <li key={account.id}>
          <span className={styles.accountName}>
            <Foreign text={account.label} />
          </span>
          <Progress account={account} />
        </li>
      ))}
      {newest.length > SHOWN && (
        <li>
          <Anchor component={Link} to="/accounts" size="sm">
            {t("account.more", { count: newest.length - SHOWN })}
          </Anchor>
        </li>
      )}
    </ul>
  );
}

function Progress({ account }: { account: Account }) {
  const t = useText(messages);
  if (isReady(account)) {
    return (
      <Badge tone="ok" icon={IconCircleCheck}>
        {t("account.models", { count: account.offeredModels.length })}
      </Badge>
    );
  }
  if (account.status === "active") {
    return (
      <span className={styles.busy}>
        <Loader size={14} color="var(--accent)" /> {account.hasAccessToken ? t("account.listing") : t("account.signingIn")}
      </span>
    );
  }
  return (
    <span className={styles.trouble}>
      <StatusBadge status={account.status} />
      {account.reason && <Foreign text={account.reason} lines={3} />}
      <Anchor component={Link} to={`/accounts/${encodeURIComponent(account.id)}`} size="sm">
        {t("account.see")}
      </Anchor>
    </span>
  );
}
