import { useForm } from "@mantine/form";

import { call } from "~/api/client";
import { useSending } from "~/ui";

import type { Account, Kind } from "../kinds";
import { bodyOf, EMPTY, FIELD_NAMES, type Values } from "../values";

/** The form of a new account of `kind`; `more` is what is sent beside its fields. */
export function useCreate(kind: Kind, onAdded: (account: Account) => void, initial: Partial<Values> = {}) {
  const form = useForm<Values>({ initialValues: { ...EMPTY, ...initial } });
  const { send, busy, error } = useSending(form, FIELD_NAMES);
  const create = async (values: Values, more: object = {}) => {
    const made = await send(() => call<Account>("POST", "/api/accounts", { body: { ...bodyOf(kind, values), ...more } }));
    if (made) onAdded(made);
  };
  return { form, create, busy, error };
}
