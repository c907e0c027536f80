import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./base.css";

import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./app";
import { nonce } from "./meta";

/** Mantine would set it only after the first drawing, and the page would flash. */
function setColorScheme(): void {
  const stored = localStorage.getItem("mantine-color-scheme-value") ?? "auto";
  const dark = stored === "dark" || (stored === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mantineColorScheme = dark ? "dark" : "light";
}

setColorScheme();
// Dialogs keep the page behind them from scrolling by a <style> of theirs.
setNonce(nonce);
const root = document.getElementById("root");
if (root) createRoot(root).render(<StrictMode><App /></StrictMode>);
