/** The data plane's refusals in words: `import { causeOf, REFUSALS, useAdvice } from "~/ui/refusals"`. */

import { useText } from "~/i18n";

import type { Cause } from "./causes";
import { messages } from "./messages";

export { type Cause, causeOf, type Refusal, REFUSALS } from "./causes";

/** What a cause means, and what to do about it. */
export function useAdvice(): (cause: Cause) => { means: string; advice: string } {
  const t = useText(messages);
  return (cause) => ({ means: t(`${cause}.means`), advice: t(`${cause}.advice`) });
}
