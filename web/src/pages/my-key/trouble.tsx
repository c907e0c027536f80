import { ApiError, asApiError } from "~/api/client";
import { gatewayUrl } from "~/api/gateway";
import { useText } from "~/i18n";
import { ErrorState } from "~/ui";

import { messages } from "./messages";

/** Why the gateway does not tell about the key, and what to try. */
export function Trouble({ error, retry }: { error: unknown; retry: () => void }) {
  const t = useText(messages);
  const { status, code, message, retryAfter } = asApiError(error);
  const said = () => {
    if (status === 0) return t("away", { address: gatewayUrl() });
    if (status === 403) return t("address");
    if (status !== 401) return t("busy", { message });
    if (/expired/.test(message)) return t("expired");
    return t(/disabled/.test(message) ? "disabled" : "wrong");
  };
  return <ErrorState error={new ApiError(status, `key_${code}`, said(), null, retryAfter)} retry={retry} />;
}
