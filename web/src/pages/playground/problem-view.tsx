import { Alert, Anchor, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "react-router";

import { useText } from "~/i18n";
import { CodeBlock, Foreign } from "~/ui";
import { causeOf, useAdvice } from "~/ui/refusals";

import type { Problem } from "./exchange";
import { messages } from "./messages";

/** What went wrong: in our words, then as the client gets it. */
export function ProblemView({ problem }: { problem: Problem }) {
  const t = useText(messages);
  const advise = useAdvice();
  const cause = causeOf(problem);
  const words = cause && advise(cause);
  return (
    <Stack gap="xs">
      <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={words?.means ?? t("failed")}>
        {problem.message && <Foreign text={problem.message} lines={6} />}
        {words && <Text size="sm">{words.advice}</Text>}
        <Anchor component={Link} to="/docs#errors" size="sm">
          {t("allErrors")}
        </Anchor>
      </Alert>
      {problem.raw && <CodeBlock text={problem.raw} label={t("errorBody")} wrap height={240} />}
    </Stack>
  );
}
