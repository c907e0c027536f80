import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

import { gzip } from "./vite/gzip.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const CONTROL_PLANE = "http://127.0.0.1:8001";

export default defineConfig({
  plugins: [react(), gzip()],
  resolve: { alias: { "~": at("src") } },
  // Pages show what stands in docs.
  server: { fs: { allow: [at("."), at("../docs")] }, proxy: { "/api": CONTROL_PLANE, "/openapi.json": CONTROL_PLANE } },
  build: {
    target: "es2022",
    sourcemap: false,
    // Its script would be inline, which the content security policy forbids.
    modulePreload: { polyfill: false },
    // A font or picture as data: would have to be allowed by that policy too.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
  test: {
    environment: "jsdom",
    setupFiles: ["./src/test/setup.ts"],
    css: false,
    // One document for the files of a worker: making one takes longer than most tests.
    isolate: false,
    // The icons are thousands of modules; here they come as one.
    alias: { "@tabler/icons-react": at("node_modules/@tabler/icons-react/dist/cjs/tabler-icons-react.cjs") },
  },
});
