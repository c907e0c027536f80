/** Writes a .gz beside every text file of the build, so that the server need not compress. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Plugin } from "vite";

const TEXT = /\.(js|css|svg|json|map|txt)$/;
// Below this the header of the answer outweighs what is saved.
const WORTH = 1024;

export function gzip(): Plugin {
  return {
    name: "gzip",
    apply: "build",
    writeBundle(options, bundle) {
      for (const name of Object.keys(bundle).filter((found) => TEXT.test(found))) {
        const path = join(options.dir ?? "dist", name);
        const content = readFileSync(path);
        if (content.length >= WORTH) writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}
