import { Popover, UnstyledButton } from "@mantine/core";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { Bar, Countdown, Duration, Facts, Foreign, HealthMeter, Money, StatusBadge, useNow } from "~/ui";

import styles from "./accounts.module.css";
import { useCause, useReason } from "./causes";
import { type Account, kindName, renewable } from "./kinds";
import { lastFault } from "./list";
import { messages } from "./messages";

const NOTHING = "–";
const MINUTE = 60_000;

/** Left out where rows are cards. */
const Nothing = () => <span className={styles.nothing}>{NOTHING}</span>;

/** What it is called, and what it is. */
export function NameCell({ account }: { account: Account }) {
  const plan = account.allowance?.plan;
  return (
    <div className={styles.two}>
      <span className={styles.name}>
        <Foreign text={account.label} lines={2} />
      </span>
      <span className={styles.small}>
        {kindName(account.kind)}
        {plan && <Foreign text={`· ${plan}`} />}
      </span>
    </div>
  );
}

/** How it stands, why, and how long that lasts. */
export function StatusCell({ account }: { account: Account }) {
  const reason = useReason()(account);
  return (
    <div className={`${styles.two} ${styles.status}`}>
      <StatusBadge status={account.status} />
      {(reason || account.until) && (
        <span className={styles.small}>
          {account.until && <Countdown until={account.until} />}
          {reason && <Foreign text={reason} lines={2} />}
        </span>
      )}
    </div>
  );
}

/** What is used of its allowance, and when that ends: by being used up, else by its reset. */
export function AllowanceCell({ account }: { account: Account }) {
  const t = useText(messages);
  const { number, moment } = useFormat();
  const { allowance } = account;
  if (!allowance) return <Nothing />;
  const runsOutAt = allowance.forecast?.runsOutAt;
  const note = runsOutAt ? (
    <span className={styles.warn}>{t("runsOut", { time: moment(runsOutAt, "short") })}</span>
  ) : (
    allowance.resetsAt && (
      <span>
        {t("resets")} <Countdown until={allowance.resetsAt} />
      </span>
    )
  );
  return (
    <div className={styles.allowance}>
      <Bar used={allowance.used} limit={allowance.limit} label={t("allowance")} format={number} detailed />
      <span className={styles.small}>{note}</span>
    </div>
  );
}

/** Health; what it is made of opens beside it. */
export function HealthCell({ account }: { account: Account }) {
  const t = useText(messages);
  const word = useCommon();
  return (
    <Popover position="bottom-start" withArrow shadow="md" width="max-content" trapFocus>
      <Popover.Target>
        <UnstyledButton className={styles.popped} fz="inherit" aria-label={t("details", { health: word("health", { value: account.health }) })}>
          <HealthMeter value={account.health} />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t("healthHead")}>
        <HealthFacts account={account} />
      </Popover.Dropdown>
    </Popover>
  );
}

/** The parts of its health. */
export function HealthFacts({ account }: { account: Account }) {
  const t = useText(messages);
  const word = useCommon();
  const cause = useCause();
  const { percent, number } = useFormat();
  const { successShare, faults } = account.healthParts;
  const found = Object.entries(faults).sort(([, a], [, b]) => b - a);
  return (
    <>
      <Facts
        rows={[
          [t("success"), successShare === null ? word("noAttempts") : percent(successShare)],
          [t("latency"), <Duration key="latency" ms={account.latencyMs} />],
          [t("faults"), found.length ? found.map(([name, count]) => <div key={name} className={styles.whole}>{`${cause(name)} × ${number(count)}`}</div>) : t("noFaults")],
        ]}
      />
      <span className={styles.small}>{t("window")}</span>
    </>
  );
}

/** Requests under way, of how many at a time. */
export function LoadCell({ account }: { account: Account }) {
  const t = useText(messages);
  const { number } = useFormat();
  const { inFlight, maxConcurrency, ceiling } = account;
  const said = maxConcurrency ? t("ofPlaces", { used: number(inFlight), limit: number(maxConcurrency) }) : t("free", { used: number(inFlight) });
  const long = [t("loadLong", { count: inFlight }), ceiling !== null && t("ceilingLong", { count: ceiling })].filter(Boolean).join(". ");
  return (
    <span className={styles.two} title={long}>
      <span>{said}</span>
      {ceiling !== null && <span className={styles.small}>{t("ceiling", { count: ceiling })}</span>}
    </span>
  );
}

export function UseCell({ account }: { account: Account }) {
  const { number } = useFormat();
  return (
    <div className={styles.two}>
      <span>{number(account.stats.totalRequests)}</span>
      <span className={styles.small} style={{ justifyContent: "flex-end" }}>
        <Money value={account.stats.totalCost} />
      </span>
    </div>
  );
}

export function FaultCell({ account }: { account: Account }) {
  const t = useText(messages);
  const cause = useCause();
  const { number } = useFormat();
  const fault = lastFault(account);
  if (!fault) return <Nothing />;
  return (
    <div className={styles.two} title={fault.reason}>
      <span>{fault.count > 1 ? `${cause(fault.cause)} × ${number(fault.count)}` : cause(fault.cause)}</span>
      <span className={styles.small}>
        {fault.model && <Foreign text={t("onlyModel", { model: fault.model })} />}
        {fault.until && <Countdown until={fault.until} />}
      </span>
    </div>
  );
}

/** When its token ends. One that is renewed by itself is nothing to worry about. */
export function TokenCell({ account }: { account: Account }) {
  const t = useText(messages);
  const now = useNow(MINUTE);
  const { relative, moment } = useFormat();
  const { expiresAt, hasAccessToken } = account;
  if (!hasAccessToken || !expiresAt) return <span className={`${styles.small} ${styles.whole}`}>{hasAccessToken ? t("noExpiry") : t("noToken")}</span>;
  const left = Date.parse(expiresAt) - now;
  const tone = renewable(account) ? "" : left < 0 ? styles.bad : styles.warn;
  return (
    <span className={`${styles.small} ${styles.whole} ${tone ?? ""}`} title={t("expires", { time: moment(expiresAt, "full") })}>
      {left < 0 ? t("expired") : relative(left)}
    </span>
  );
}
