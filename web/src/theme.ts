/** How the console looks: dense, calm, one accent. */

import { Alert, Button, createTheme, Input, type MantineColorsTuple } from "@mantine/core";

const ink: MantineColorsTuple = [
  "#eef3fc", "#dbe5f6", "#b4c8ec", "#8aa9e3", "#678edb", "#507dd6", "#3f6fcf", "#2a57b4", "#1f4a9e", "#143a82",
];
// Cool greys for the dark scheme: page 8, surface 7, border 5, text 0.
const dark: MantineColorsTuple = [
  "#d5d9e0", "#b4bac5", "#959dab", "#6c7584", "#454d5b", "#313845", "#262c37", "#1b2029", "#14181f", "#0e1116",
];

const TONES: Readonly<Record<string, string>> = { red: "var(--bad)", yellow: "var(--warn)", green: "var(--ok)" };
const HEIGHT = "2rem";

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.28,
  colors: { ink, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.125rem" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.45", lg: "1.5", xl: "1.5" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  defaultRadius: "sm",
  radius: { xs: "2px", sm: "4px", md: "6px", lg: "8px", xl: "12px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "1.25rem", lineHeight: "1.3" },
      h2: { fontSize: "1rem", lineHeight: "1.4" },
      h3: { fontSize: "0.875rem", lineHeight: "1.4" },
    },
  },
  cursorType: "pointer",
  components: {
    Button: Button.extend({ vars: (_, { size = "sm" }) => ({ root: size === "sm" ? { "--button-height": HEIGHT, "--button-padding-x": "0.75rem" } : {} }), styles: { root: { fontWeight: 500 } } }),
    Input: Input.extend({ vars: (_, { size = "sm" }) => ({ wrapper: size === "sm" ? { "--input-height": HEIGHT } : {} }) }),
    // On the surface, its colour only at the edge and in the title: the dark ones would shout.
    Alert: Alert.extend({
      vars: (_, { color = "ink" }) => ({
        root: { "--alert-bg": "var(--surface)", "--alert-bd": "1px solid var(--line-strong)", "--alert-color": TONES[color] ?? "var(--accent)" },
      }),
      styles: { root: { borderInlineStart: "3px solid var(--alert-color)" } },
    }),
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: "lg" } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true } } },
    Drawer: { defaultProps: { position: "right", size: "min(46rem, 100vw)", transitionProps: { duration: 120 } } },
    Modal: { defaultProps: { centered: true, transitionProps: { duration: 100 } } },
    Menu: { defaultProps: { shadow: "md", transitionProps: { duration: 80 } } },
  },
});
