import { SimpleGrid, Text } from "@mantine/core";

import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { PageHeader, Section } from "~/ui";

import { messages } from "./messages";
import { OwnPassword } from "./own-password";
import { SecondFactor } from "./second-factor";
import { SessionsSection } from "./sessions";
import { TokensSection } from "./tokens";
import { UsersSection } from "./users";

/** Who may come in, and who is in. */
export default function Security() {
  const t = useText(messages);
  const { user, isAdmin } = useSession();
  if (!user) return null;
  return (
    <>
      <PageHeader title={t("title")} subtitle={<bdi>{t("subtitle", { name: user.name, role: t(`role.${user.role}`) })}</bdi>} />
      <Section title={t("own")}>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <OwnPassword user={user} />
          <SecondFactor on={user.totp} />
        </SimpleGrid>
      </Section>
      <SessionsSection isAdmin={isAdmin} />
      {isAdmin ? (
        <>
          <UsersSection self={user.id} />
          <TokensSection />
        </>
      ) : (
        <Text size="sm" c="dimmed">
          {t("adminOnly")}
        </Text>
      )}
    </>
  );
}
