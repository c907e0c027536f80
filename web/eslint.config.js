import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist", "node_modules", "src/api/schema.d.ts"] },
  js.configs.recommended,
  tseslint.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}"],
    plugins: { "react-hooks": hooks, "jsx-a11y": jsxA11y },
    rules: {
      ...hooks.configs.recommended.rules,
      ...jsxA11y.flatConfigs.recommended.rules,
      // The compiler these two speak for is not used here.
      "react-hooks/incompatible-library": "off",
      "react-hooks/set-state-in-effect": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      // A form in a dialog begins at its first field; the dialog has the focus already.
      "jsx-a11y/no-autofocus": "off",
      eqeqeq: ["error", "smart"],
      "no-restricted-globals": ["error", { name: "fetch", message: "use api/client or api/gateway" }],
    },
  },
);
