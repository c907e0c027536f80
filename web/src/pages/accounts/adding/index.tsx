import { Button, Modal } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { useCommon } from "~/i18n/common";

import { useMade } from "../data";
import type { Account } from "../kinds";
import { Added } from "./added";
import { Choose } from "./choose";
import { DeviceForm } from "./device";
import { EndpointForm } from "./endpoint";
import { Importer } from "./importer";
import { KimiForm } from "./kimi-form";
import { messages } from "./messages";
import { isMethod, type Method } from "./methods";
import { TokenForm } from "./token-form";

interface AddDialogProps {
  /** "choose" or a way to add accounts; "": closed. */
  method: string;
  onMethod: (method: string) => void;
  onOpen: (id: string) => void;
}

/** Adds accounts: choose a way, fill it in, see what came of it. */
export function AddDialog({ method, onMethod, onOpen }: AddDialogProps) {
  const t = useText(messages);
  const word = useCommon();
  const [added, setAdded] = useState<Account | null>(null);
  const made = useMade();
  const chosen = isMethod(method) ? method : null;
  const close = () => {
    setAdded(null);
    onMethod("");
  };
  const finish = (account: Account) => {
    made(account);
    setAdded(account);
  };
  const wide = chosen === "files" || chosen === "many";
  return (
    <Modal opened={method !== ""} onClose={close} size={wide ? "xl" : "lg"} title={t(`m.${chosen ?? "choose"}`)} closeOnClickOutside={false} closeButtonProps={{ "aria-label": word("close") }}>
      {added ? (
        <Added account={added} onAnother={() => { setAdded(null); onMethod("choose"); }} onOpen={() => { setAdded(null); onOpen(added.id); }} />
      ) : chosen ? (
        <>
          <Button variant="subtle" color="gray" size="compact-sm" mb="xs" ml={-8} leftSection={<IconArrowLeft size={15} aria-hidden />} onClick={() => onMethod("choose")}>
            {t("back")}
          </Button>
          <Form key={chosen} method={chosen} onAdded={finish} onOpen={onOpen} />
        </>
      ) : (
        <Choose onChoose={onMethod} />
      )}
    </Modal>
  );
}

function Form({ method, onAdded, onOpen }: { method: Method; onAdded: (account: Account) => void; onOpen: (id: string) => void }) {
  switch (method) {
    case "device":
      return <DeviceForm onAdded={onAdded} />;
    case "token":
      return <TokenForm onAdded={onAdded} />;
    case "openai":
    case "anthropic":
      return <EndpointForm kind={method} onAdded={onAdded} />;
    case "kimi-web":
      return <KimiForm onAdded={onAdded} />;
    case "files":
    case "many":
      return <Importer files={method === "files"} onOpen={onOpen} />;
  }
}
