import { useEffect, useRef, useState } from "react";

/** Browsers offer `navigator.clipboard` only over https and on the machine itself; a console in the local network is often neither. */
function copyBySelection(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  // Beside what has the focus: a dialog takes it back from elsewhere.
  (before?.parentElement ?? document.body).append(field);
  field.focus({ preventScroll: true });
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return done;
}

/** Puts `text` into the clipboard; false when the browser does not let us. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

const SHOWN_MS = 1500;

/** `copied` is true for a moment after a copy. */
export function useCopy(): { copy: (text: string) => void; copied: boolean } {
  const [copied, setCopied] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async (text: string) => {
    const done = await copyText(text);
    clearTimeout(timer.current);
    setCopied(done);
    timer.current = setTimeout(() => setCopied(false), SHOWN_MS);
  };
  return { copy: (text) => void copy(text), copied };
}
