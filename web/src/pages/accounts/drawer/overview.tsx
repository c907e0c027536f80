import { Anchor, Button } from "@mantine/core";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { useFormat } from "~/i18n/format";
import { Countdown, Facts, Foreign, HealthMeter, Moment, Money, Section, StatusBadge, Tokens } from "~/ui";

import { useReason } from "../causes";
import { HealthFacts } from "../cells";
import { type Account, hasAllowance, kindName, renewable, USUAL_ADDRESS } from "../kinds";
import { useRun } from "../run";
import { AllowanceFacts } from "./allowance";
import { Breakers } from "./breakers";
import { messages } from "./messages";
import { Models } from "./models";

/** Everything that is known of an account. */
export function Overview({ account, isAdmin }: { account: Account; isAdmin: boolean }) {
  const t = useText(messages);
  return (
    <>
      <Standing account={account} isAdmin={isAdmin} />
      {hasAllowance(account.kind) && <AllowanceFacts account={account} isAdmin={isAdmin} />}
      <Section title={t("health")} actions={<HealthMeter value={account.health} parts={account.healthParts} />}>
        <HealthFacts account={account} />
      </Section>
      <Breakers account={account} />
      <Use account={account} />
      <Models account={account} />
      <SignIn account={account} />
    </>
  );
}

function Standing({ account, isAdmin }: { account: Account; isAdmin: boolean }) {
  const t = useText(messages);
  const word = useCommon();
  const { number, moment } = useFormat();
  const reason = useReason()(account);
  const { run, busy } = useRun(account);
  const out = account.status !== "active" && !account.disabled;
  const { hasAccessToken, expiresAt } = account;
  const token = !hasAccessToken ? t("tokenNone") : expiresAt ? t("tokenUntil", { time: moment(expiresAt) }) : t("tokenNever");
  const back = isAdmin && out && (
    <Button variant="default" title={t("putBackHint")} loading={busy === "enable"} onClick={() => void run("enable")}>
      {t("putBack")}
    </Button>
  );
  return (
    <Section title={t("standing")} actions={back}>
      <Facts
        rows={[
          [word("status"), <StatusBadge key="status" status={account.status} />],
          [t("reason"), reason !== "" && <Foreign text={account.reason === reason ? reason : `${reason}: ${account.reason}`} lines={4} />],
          [t("until"), account.until !== null && <><Countdown until={account.until} /> · <Moment at={account.until} /></>],
          [t("inFlight"), account.maxConcurrency ? word("usedOf", { used: number(account.inFlight), limit: number(account.maxConcurrency) }) : number(account.inFlight)],
          [t("ceiling"), account.ceiling !== null && number(account.ceiling)],
          [t("token"), renewable(account) ? `${token} · ${t("renews")}` : token],
        ]}
      />
    </Section>
  );
}

function Use({ account }: { account: Account }) {
  const t = useText(messages);
  const word = useCommon();
  const { number, tokens } = useFormat();
  const { stats } = account;
  const link = (
    <Anchor component={Link} to={`/requests?account=${encodeURIComponent(account.id)}`} fz="sm">
      {t("its")}
    </Anchor>
  );
  return (
    <Section title={t("use")} actions={link}>
      <Facts
        rows={[
          [word("requests"), `${number(stats.totalRequests)} · ${t("served", { ok: number(stats.successRequests), failed: number(stats.failedRequests) })}`],
          [word("tokens"), t("tokensInOut", { input: tokens(stats.inputTokens), output: tokens(stats.outputTokens) })],
          [t("saved"), stats.savedTokens > 0 && <Tokens value={stats.savedTokens} />],
          [word("cost"), <Money key="cost" value={stats.totalCost} />],
          [word("credits"), stats.totalCredits > 0 && number(stats.totalCredits)],
        ]}
      />
    </Section>
  );
}

function SignIn({ account }: { account: Account }) {
  const t = useText(messages);
  const word = useCommon();
  const { number } = useFormat();
  return (
    <Section title={t("sign")}>
      <Facts
        rows={[
          [t("kind"), kindName(account.kind)],
          [t("method"), t(`method.${account.authMethod}`)],
          [t("region"), account.region !== "" && account.region],
          [t("profile"), account.profileArn !== "" && <Foreign text={account.profileArn} lines={3} mono />],
          [t("machine"), account.machineId !== "" && <Foreign text={account.machineId} mono />],
          [t("address"), account.baseUrl ? <Foreign text={account.baseUrl} lines={3} mono /> : (USUAL_ADDRESS[account.kind] ?? t("usualAddress"))],
          [t("proxy"), account.proxyUrl ? <Foreign text={account.proxyUrl} lines={2} mono /> : t("direct")],
          [t("priority"), number(account.priority)],
          [t("places"), account.maxConcurrency ? number(account.maxConcurrency) : word("noLimit")],
          [t("created"), <Moment key="created" at={account.createdAt} />],
          [t("id"), <Foreign key="id" text={account.id} mono />],
        ]}
      />
    </Section>
  );
}
