/** Long pages to read, with contents, anchors and search: `import { chaptersOf, Handbook } from "~/ui/handbook"`. */

export { chaptersOf } from "./chapters";
export { type Chapter, Handbook } from "./handbook";
