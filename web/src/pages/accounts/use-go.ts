import { useLocation, useNavigate } from "react-router";

import { writeState } from "~/ui/url-state";

/** Goes to an account, or for null to the list; of the query what `change` says, the rest stays. */
export function useGo() {
  const navigate = useNavigate();
  const { search } = useLocation();
  return (id: string | null, change: Readonly<Record<string, string>>) => {
    const query = writeState(new URLSearchParams(search), change).toString();
    void navigate({ pathname: id === null ? "/accounts" : `/accounts/${encodeURIComponent(id)}`, search: query });
  };
}
