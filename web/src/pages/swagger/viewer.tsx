import "swagger-ui-dist/swagger-ui.css";

import { useEffect, useRef } from "react";
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle";

import styles from "./swagger.module.css";

interface ViewerProps {
  url: string;
  /** The session's, for writes to this console's own address. */
  csrf: string | null;
}

const SAFE = new Set(["GET", "HEAD"]);

/** Swagger's own page within ours. */
export function Viewer({ url, csrf }: ViewerProps) {
  const place = useRef<HTMLDivElement>(null);
  const token = useRef(csrf);
  useEffect(() => {
    token.current = csrf;
  }, [csrf]);
  useEffect(() => {
    const node = place.current;
    if (!node) return;
    // It draws with a React of its own, whose root must not be reused.
    const inner = node.appendChild(document.createElement("div"));
    SwaggerUI({
      domNode: inner,
      url,
      validatorUrl: null,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      filter: true,
      requestInterceptor: (request) => {
        const ours = new URL(request.url, location.href).origin === location.origin;
        request.credentials = ours ? "same-origin" : "omit";
        if (ours && token.current && !SAFE.has((request.method ?? "GET").toUpperCase())) request.headers["x-csrf-token"] = token.current;
        return request;
      },
    });
    return () => inner.remove();
  }, [url]);
  return <div ref={place} className={styles.viewer} />;
}
