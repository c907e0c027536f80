import { Button, Group, Modal, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconShieldCheck, IconShieldOff } from "@tabler/icons-react";
import { useState } from "react";

import { call, type Schema } from "~/api/client";
import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";
import { Badge, Panel, toastDone, toastError } from "~/ui";

import { CodeForm } from "./code-form";
import { useRenewed } from "./data";
import { messages } from "./messages";
import styles from "./security.module.css";

type Begun = Schema<"TotpBegun">;

/** A code from an authenticator app beside the password: set up, and switched off. */
export function SecondFactor({ on }: { on: boolean }) {
  const t = useText(messages);
  const common = useCommon();
  const renewed = useRenewed();
  const [begun, setBegun] = useState<Begun | null>(null);
  const [busy, setBusy] = useState(false);
  const [leaving, { open, close }] = useDisclosure();
  const begin = async () => {
    setBusy(true);
    try {
      setBegun(await call<Begun>("POST", "/api/session/totp"));
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  const switched = (enabled: boolean) => {
    setBegun(null);
    close();
    toastDone(t(enabled ? "totp.done" : "totp.gone"));
    void renewed("self", "users");
  };
  const labels = { "aria-label": common("close") };
  return (
    <Panel>
      <div className={styles.way}>
        <div>
          <Group gap="xs">
            <Title order={3}>{t("totp")}</Title>
            <Badge tone={on ? "ok" : "off"} icon={on ? IconShieldCheck : IconShieldOff}>
              {t(on ? "totp.on" : "totp.off")}
            </Badge>
          </Group>
          <Text size="sm" c="dimmed">
            {t(on ? "totp.text.on" : "totp.text.off")}
          </Text>
        </div>
        <Button variant="default" loading={busy} onClick={on ? open : () => void begin()}>
          {t(on ? "totp.switchOff" : "totp.setUp")}
        </Button>
      </div>
      <Modal opened={begun !== null} onClose={() => setBegun(null)} title={t("totp.title")} closeButtonProps={labels}>
        {begun && <CodeForm begun={begun} enabled done={() => switched(true)} cancel={() => setBegun(null)} />}
      </Modal>
      <Modal opened={leaving} onClose={close} title={t("totp.offTitle")} closeButtonProps={labels}>
        <CodeForm enabled={false} done={() => switched(false)} cancel={close} />
      </Modal>
    </Panel>
  );
}
