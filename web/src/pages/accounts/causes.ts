import { useText } from "~/i18n";

import type { Account } from "./kinds";
import { messages } from "./messages";

type Known = Extract<keyof typeof messages.en, `cause.${string}`>;
const known = (name: string): name is Known => name in messages.en;

/** A cause of faults in words; one that is not known yet as it is. */
export function useCause(): (cause: string) => string {
  const t = useText(messages);
  return (cause) => {
    const name = `cause.${cause}`;
    return known(name) ? t(name) : cause;
  };
}

/** Why it stands as it does: what rests it in words, else what the server says. */
export function useReason(): (account: Account) => string {
  const cause = useCause();
  return ({ reason, breakers }) => {
    const breaker = breakers.find((found) => found.model === null && found.reason === reason);
    return breaker ? cause(breaker.cause) : reason;
  };
}
