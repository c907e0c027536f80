import { MantineProvider } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Notifications } from "@mantine/notifications";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { BrowserRouter, Navigate, Route, Routes, useLocation, useParams } from "react-router";

import { asApiError, onUnauthenticated } from "./api/client";
import { useEventLink } from "./api/events";
import { forget, SESSION, useSession } from "./api/session";
import { useLabel } from "./i18n";
import { nonce } from "./meta";
import { SignIn } from "./pages/sign-in/sign-in";
import { loaderOf, MOVED, type PageRoute, ROUTES } from "./routes";
import { Boundary, Denied, NotFound } from "./shell/edges";
import { Shell } from "./shell/shell";
import { theme } from "./theme";
import { ErrorState, Loading } from "./ui";

/** Events keep what was fetched up to date, so it does not age by itself. */
const FRESH_MS = 10 * 60_000;
const RETRIES = 1;

/** Answers that say the same the next time are not asked for twice. */
function worthRetrying(failures: number, error: unknown): boolean {
  const { status } = asApiError(error);
  return failures < RETRIES && (status === 0 || status >= 500);
}

const client: QueryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: FRESH_MS, refetchOnWindowFocus: false, retry: worthRetrying, networkMode: "always" } },
  mutationCache: new MutationCache({
    onError: (error) => {
      if (asApiError(error).code === "csrf") void client.invalidateQueries({ queryKey: SESSION });
    },
  }),
});
onUnauthenticated(() => forget(client));

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => nonce}>
      <QueryClientProvider client={client}>
        <ModalsProvider>
          <Notifications position="bottom-right" limit={4} />
          <BrowserRouter>
            <Pages />
          </BrowserRouter>
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}

const PAGES = ROUTES.flatMap((route) => {
  const load = loaderOf(route);
  return load ? [{ route, Page: lazy(load) }] : [];
});

function Pages() {
  const { session } = useSession();
  useEventLink(Boolean(session));
  return (
    <Routes>
      {PAGES.map(({ route, Page }) => (
        <Route key={route.path} path={route.deep ? `${route.path}/*` : route.path} element={<Gate route={route} Page={Page} />} />
      ))}
      {Object.entries(MOVED).map(([from, to]) => (
        <Route key={from} path={from} element={<Navigate to={to} replace />} />
      ))}
      <Route path="/admin/*" element={<FromAdmin />} />
      <Route path="*" element={<Gate Page={NotFound} />} />
    </Routes>
  );
}

/** /admin/accounts/acc_1?x=y -> /accounts/acc_1?x=y */
function FromAdmin() {
  const { "*": rest = "" } = useParams();
  const { search } = useLocation();
  return <Navigate to={{ pathname: `/${rest}`, search }} replace />;
}

/** The page in its shell, or sign-in in its place. */
function Gate({ route, Page }: { route?: PageRoute; Page: React.ComponentType }) {
  const { session, isAdmin, error, retry } = useSession();
  const say = useLabel();
  const open = route?.access === "everybody";
  if (session === undefined && !open) {
    // Nothing flashes while it is not known who asks.
    return error ? <ErrorState error={error} retry={() => void retry()} /> : null;
  }
  if (!session && !open) return <SignIn />;
  return (
    <Shell>
      <title>{route ? `${say(route.label)} · Headgate` : "Headgate"}</title>
      <Boundary key={route?.path}>
        <Suspense fallback={<Loading />}>{route?.access === "admin" && !isAdmin ? <Denied /> : <Page />}</Suspense>
      </Boundary>
    </Shell>
  );
}
