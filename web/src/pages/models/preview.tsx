import { Text, TextInput } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed, IconClockPause } from "@tabler/icons-react";
import { useState } from "react";

import { useText } from "~/i18n";
import { Badge, Foreign } from "~/ui";

import { messages } from "./messages";
import styles from "./models.module.css";
import { type Meaning, meaningOf, type Step, type World } from "./resolving";

/** Who would serve a name, and who when those cannot. */
export function Preview({ world }: { world: World }) {
  const t = useText(messages);
  const [name, setName] = useState("");
  return (
    <div className={styles.preview}>
      <TextInput label={t("preview.label")} description={t("preview.text")} maxLength={200} placeholder="claude-sonnet-4.5" value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <div role="status">{name.trim() !== "" && <Found meaning={meaningOf(name, world)} />}</div>
    </div>
  );
}

function Found({ meaning }: { meaning: Meaning }) {
  const t = useText(messages);
  const { how, route, limited, steps } = meaning;
  if (how === "unknown") {
    return (
      <Text size="sm" c="dimmed">
        {t("preview.unknown")}
      </Text>
    );
  }
  return (
    <>
      <Text component="div" size="sm" c="dimmed">
        <bdi>
          {how === "model" ? t("preview.model") : t(`preview.${how}`, { route })} {limited && `(${t("preview.limited", { to: limited })})`}
        </bdi>
      </Text>
      <ol className={styles.steps} aria-label={t("preview.steps")}>
        {steps.map((step, place) => (
          <li key={place}>
            <span className={styles.step}>
              <Foreign text={`${step.kind}/${step.model}`} lines={2} mono />
              <Readiness step={step} />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Readiness({ step: { offering, ready } }: { step: Step }) {
  const t = useText(messages);
  const count = offering.length;
  if (count === 0) {
    return (
      <Badge tone="off" icon={IconCircleDashed}>
        {t("preview.nobody")}
      </Badge>
    );
  }
  return (
    <Badge tone={ready > 0 ? "ok" : "warn"} icon={ready > 0 ? IconCircleCheck : IconClockPause}>
      {ready > 0 ? t("preview.ready", { ready, count }) : t("preview.none", { count })}
    </Badge>
  );
}
