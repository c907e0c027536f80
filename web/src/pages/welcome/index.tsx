import { Button } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import { useText } from "~/i18n";
import { Loaded, PageHeader } from "~/ui";

import { AccountStep } from "./account-step";
import { type Account, isReady, useAccounts } from "./accounts";
import { ConnectStep } from "./connect-step";
import { type Held, KeyStep } from "./key-step";
import { leaveGuide } from "./left";
import { messages } from "./messages";
import styles from "./welcome.module.css";

const ROWS = 5;

/** From nothing to a first answer: an account, a key, a client. */
export default function Welcome() {
  const t = useText(messages);
  const navigate = useNavigate();
  const query = useAccounts();
  const [works, setWorks] = useState(false);
  const leave = () => {
    leaveGuide();
    void navigate("/");
  };
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        actions={
          <Button variant={works ? "filled" : "default"} onClick={leave}>
            {works ? t("finish") : t("leave")}
          </Button>
        }
      />
      <Loaded query={query} rows={ROWS}>
        {({ accounts }) => <Steps accounts={accounts} works={works} served={() => setWorks(true)} />}
      </Loaded>
    </>
  );
}

/** `works`: a request was served since the page was opened. */
function Steps({ accounts, works, served }: { accounts: readonly Account[]; works: boolean; served: () => void }) {
  // Accounts that were there before are a choice to be made; one that becomes ready under one's eyes is the end of the step.
  const [began] = useState(() => accounts.length);
  const [wanted, setWanted] = useState(false);
  const [held, hold] = useState<Held | null>(null);
  const account = wanted || held !== null || (began === 0 && accounts.some(isReady));
  return (
    <ol className={styles.steps}>
      <AccountStep accounts={accounts} done={account} goOn={() => setWanted(true)} />
      <KeyStep state={held ? "done" : account ? "now" : "later"} held={held} hold={hold} />
      <ConnectStep state={works ? "done" : held ? "now" : "later"} held={held} served={served} />
    </ol>
  );
}
