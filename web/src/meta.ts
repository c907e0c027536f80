/** What the server wrote into index.html. Under the development server its placeholders stand there unfilled. */

function meta(name: string): string {
  const found = document.querySelector<HTMLMetaElement>(`meta[name="headgate-${name}"]`)?.content ?? "";
  return found.startsWith("{{") ? "" : found;
}

/** Every <style> made at run time must carry it. */
export const nonce = meta("nonce");

/** Address of the data plane, without a slash at its end. */
export const gatewayAddress = (meta("gateway") || `http://${location.hostname}:8000`).replace(/\/+$/, "");

export const version = meta("version");
