import { Button } from "@mantine/core";
import { useState } from "react";

import type { Schema } from "~/api/client";
import { useText } from "~/i18n";
import { CodeBlock, CopyButton, Section } from "~/ui";

import { messages } from "./messages";

const HEIGHT_PX = 480;

/** The record as the REST has it. */
export function Raw({ request }: { request: Schema<"RequestDetail"> }) {
  const t = useText(messages);
  const [shown, setShown] = useState(false);
  const text = JSON.stringify(request, null, 2);
  const actions = (
    <>
      <Button variant="default" aria-expanded={shown} onClick={() => setShown(!shown)}>
        {t(shown ? "raw.hide" : "raw.show")}
      </Button>
      <CopyButton text={text} label={t("copyRaw")} />
    </>
  );
  return (
    <Section title={t("raw")} actions={actions}>
      {shown && <CodeBlock text={text} label={t("raw")} height={HEIGHT_PX} />}
    </Section>
  );
}
