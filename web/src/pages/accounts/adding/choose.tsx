import { Text, UnstyledButton } from "@mantine/core";

import { useText } from "~/i18n";

import styles from "./adding.module.css";
import { messages } from "./messages";
import { ICONS, type Method, METHODS } from "./methods";

/** The ways to add accounts. */
export function Choose({ onChoose }: { onChoose: (method: Method) => void }) {
  const t = useText(messages);
  return (
    <>
      <Text size="sm" c="dimmed" mb="xs">
        {t("choose")}
      </Text>
      <div className={styles.ways}>
        {METHODS.map((method, place) => {
          const Icon = ICONS[method];
          return (
            <UnstyledButton key={method} className={styles.way} autoFocus={place === 0} data-autofocus={place === 0 || undefined} onClick={() => onChoose(method)}>
              <Icon size={20} stroke={1.6} aria-hidden />
              <span>
                <span className={styles.wayName}>{t(`m.${method}`)}</span>
                <span className={styles.wayText}>{t(`m.${method}.text`)}</span>
              </span>
            </UnstyledButton>
          );
        })}
      </div>
    </>
  );
}
