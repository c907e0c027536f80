import { Button } from "@mantine/core";

import { useText } from "~/i18n";
import { useFormat } from "~/i18n/format";
import { Bar, Countdown, Facts, Foreign, Moment, Section, TimeAgo } from "~/ui";

import type { Account } from "../kinds";
import { useRun } from "../run";
import { messages } from "./messages";

/** What the upstream says is left, how fast it goes, and when it is whole again. */
export function AllowanceFacts({ account, isAdmin }: { account: Account; isAdmin: boolean }) {
  const t = useText(messages);
  const { number, moment } = useFormat();
  const { run, busy } = useRun(account);
  const { allowance } = account;
  const ask = isAdmin && (
    <Button variant="default" loading={busy === "allowance"} onClick={() => void run("allowance")}>
      {t("askNow")}
    </Button>
  );
  if (!allowance) {
    return (
      <Section title={t("allowance")} actions={ask}>
        {t("noAllowance")}
      </Section>
    );
  }
  const { forecast } = allowance;
  const pace = forecast && [
    t("perHour", { rate: number(forecast.perHour) }),
    forecast.runsOutAt ? t("runsOut", { time: moment(forecast.runsOutAt) }) : t("lasts"),
  ];
  return (
    <Section title={t("allowance")} actions={ask}>
      <Bar used={allowance.used} limit={allowance.limit} label={t("allowance")} detailed note={allowance.unit} />
      <div style={{ height: "0.6rem" }} />
      <Facts
        rows={[
          [t("forecast"), pace && pace.join(", ")],
          [t("resets"), allowance.resetsAt !== null && <><Countdown until={allowance.resetsAt} /> · <Moment at={allowance.resetsAt} /></>],
          [t("plan"), allowance.plan !== "" && <Foreign text={allowance.plan} />],
          [t("email"), allowance.email !== "" && <Foreign text={allowance.email} />],
          [t("overage"), allowance.overage && t("overageYes")],
          [t("checked"), allowance.checkedAt !== null && <TimeAgo at={allowance.checkedAt} />],
        ]}
      />
    </Section>
  );
}
