/**
 * Knows who is writing in a chat, by name.
 * Must not know where that is shown.
 */

import { personOf } from "../state/people.ts";
import { session } from "../state/session.ts";
import { writers } from "../state/typing.ts";
import { TEXT } from "../text.ts";

export function useWriters(chatId: number): readonly string[] {
  const self = session.value?.user.id;
  return [...(writers.value.get(chatId) ?? [])]
    .filter((id) => id !== self)
    .map((id) => personOf(id)?.name ?? TEXT.somebody);
}
