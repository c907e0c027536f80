import { Anchor, Button, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { patchRow } from "~/api/patching";
import { useText } from "~/i18n";

// The page of accounts has them; here they stand without its dialog.
import { DeviceForm } from "../accounts/adding/device";
import { EndpointForm } from "../accounts/adding/endpoint";
import { KimiForm } from "../accounts/adding/kimi-form";
import { TokenForm } from "../accounts/adding/token-form";
import { AccountProgress } from "./account-progress";
import { type Account, isReady } from "./accounts";
import { messages } from "./messages";
import { Step } from "./step";
import styles from "./welcome.module.css";

type Added = (account: Account) => void;

const METHODS = {
  device: (onAdded: Added) => <DeviceForm onAdded={onAdded} />,
  token: (onAdded: Added) => <TokenForm onAdded={onAdded} />,
  openai: (onAdded: Added) => <EndpointForm key="openai" kind="openai" onAdded={onAdded} />,
  anthropic: (onAdded: Added) => <EndpointForm key="anthropic" kind="anthropic" onAdded={onAdded} />,
  kimi: (onAdded: Added) => <KimiForm onAdded={onAdded} />,
};
type Method = keyof typeof METHODS;

interface AccountStepProps {
  accounts: readonly Account[];
  done: boolean;
  /** The visitor wants to go on. */
  goOn: () => void;
}

/** Step 1: an account, until it is ready. */
export function AccountStep({ accounts, done, goOn }: AccountStepProps) {
  const t = useText(messages);
  const [adding, setAdding] = useState(false);
  const ready = accounts.filter(isReady).length;
  const asking = accounts.length === 0 || adding;
  return (
    <Step number={1} title={t("account.title")} state={done ? "done" : "now"} result={done && ready > 0 ? t("account.ready", { count: ready }) : undefined}>
      <Stack gap="md">
        {!done && <Text size="sm">{t("account.text")}</Text>}
        <AccountProgress accounts={accounts} />
        {asking && !done && <Methods added={() => setAdding(false)} />}
        {!done && (
          <Group gap="sm">
            {accounts.length > 0 && <Button onClick={goOn}>{ready > 0 ? t("account.have") : t("account.anyway")}</Button>}
            {!asking && (
              <Button variant="default" onClick={() => setAdding(true)}>
                {t("account.another")}
              </Button>
            )}
            <Anchor component={Link} to="/accounts?add=choose" size="sm">
              {t("account.several")}
            </Anchor>
          </Group>
        )}
      </Stack>
    </Step>
  );
}

function Methods({ added }: { added: () => void }) {
  const t = useText(messages);
  const [method, setMethod] = useState<Method>("device");
  const client = useQueryClient();
  const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t("account.method")}
        orientation={narrow ? "vertical" : "horizontal"}
        data={(Object.keys(METHODS) as Method[]).map((value) => ({ value, label: t(`method.${value}`) }))}
        value={method}
        onChange={(value) => setMethod(value as Method)}
      />
      <div className={styles.form}>
        {METHODS[method]((account) => {
          patchRow(client, "accounts", account);
          added();
        })}
      </div>
    </Stack>
  );
}
