import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Countdown, Facts, Foreign, Moment, Section } from "~/ui";
import { KeyStats, LimitList } from "~/ui/key-usage";

import { type Key, useAccountNames } from "../data";
import { messages } from "../messages";
import { Expiry, KeyState } from "../state";

/** How a key stands now. */
export function Overview({ item }: { item: Key }) {
  const t = useText(messages);
  return (
    <>
      <Section title={t("limitsNow")}>
        <LimitList usage={item.usage} />
      </Section>
      <Section title={t("sofar")}>
        <KeyStats stats={item.stats} />
      </Section>
      <Section title={t("facts")}>
        <KeyFacts item={item} />
      </Section>
    </>
  );
}

function KeyFacts({ item }: { item: Key }) {
  const t = useText(messages);
  const word = useCommon();
  const accounts = useAccountNames();
  const labels = item.allowedAccountIds.map((id) => accounts.find(({ value }) => value === id)?.label ?? id);
  const listed = (values: readonly string[], none: string) => (values.length ? <Foreign text={values.join(", ")} lines={6} /> : none);
  return (
    <Facts
      rows={[
        [word("status"), <KeyState item={item} />],
        [word("key"), <Foreign text={`${item.prefix}…`} mono />],
        ["ID", <Foreign text={item.id} mono />],
        [t("oldKey"), item.oldKeyUntil && <><Moment at={item.oldKeyUntil} /> (<Countdown until={item.oldKeyUntil} />)</>],
        [t("models"), listed(item.allowedModels, t("allModels"))],
        [t("accounts"), listed(labels, t("allAccounts"))],
        [t("addresses"), listed(item.allowedIps, t("allAddresses"))],
        [t("expires"), <Expiry item={item} />],
        [t("strict"), item.strict ? word("yes") : word("no")],
        [t("compression"), item.compression ? word("yes") : word("no")],
        [t("madeAt"), <Moment at={item.createdAt} />],
      ]}
    />
  );
}
