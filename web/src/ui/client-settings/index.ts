/** Ready-made settings of clients, and a request that proves them: `import { ConnectClient } from "~/ui/client-settings"`. */

export { ClientSettings } from "./client-settings";
export { ConnectClient, suggested, useOffered } from "./connect";
export { TestRequest } from "./test-request";
