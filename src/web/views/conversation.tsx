/**
 * Knows the open chat: its name, who is writing there, its messages and where one writes.
 * Must not know how messages are shown, nor how they are sent.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Chat } from "../api/shapes.ts";
import { personOf } from "../state/chats.ts";
import { connected } from "../state/connection.ts";
import { histories } from "../state/history.ts";
import { show } from "../state/route.ts";
import { session } from "../state/session.ts";
import { openHistory } from "../state/sync.ts";
import { writers } from "../state/typing.ts";
import { TEXT } from "../text.ts";
import { Composer } from "./composer.tsx";
import { MessageList } from "./list.tsx";
import { Avatar, chatName } from "./names.tsx";

export function Conversation({ chat }: { readonly chat: Chat }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const failed = useSignal(false);
  const history = histories.value.get(chat.id);
  const online = connected.value;

  useEffect(() => {
    failed.value = false;
    void openHistory(chat.id).catch(() => (failed.value = true));
  }, [chat.id, online, failed]);
  // A phone would open its keyboard for the field; the heading says where one is.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);

  const self = session.value?.user.id;
  const names = [...(writers.value.get(chat.id) ?? [])]
    .filter((id) => id !== self)
    .map((id) => personOf(id)?.name ?? TEXT.somebody);
  const name = chatName(chat);
  return (
    <section class="conversation" aria-label={name}>
      <header>
        <button type="button" class="link back" aria-label={TEXT.back} onClick={() => show(null)}>
          ‹
        </button>
        <Avatar name={name} id={chat.peer?.id ?? chat.id} />
        <div class="row">
          <h2 ref={heading} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h2>
          <small role="status">{names.length > 0 && TEXT.typing(names)}</small>
        </div>
      </header>
      {history === undefined ? (
        <p class="hint messages">{failed.value ? TEXT.failed : TEXT.loading}</p>
      ) : (
        <MessageList chat={chat} history={history} />
      )}
      <Composer chatId={chat.id} />
    </section>
  );
}
