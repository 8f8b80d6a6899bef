/** The open chat: its messages, who is writing, and where one writes. Knows the state; knows no transport. */

import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../api/shapes.ts";
import { messages, outbox, selected, writers } from "../state/chats.ts";
import { loadOlder, markRead } from "../state/live.ts";
import { session } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { Composer } from "./composer.tsx";
import { MessageView } from "./message.tsx";
import { chatName, dayOf } from "./names.tsx";

/** Pixels from the end within which one counts as being there. */
const END_PX = 80;
/** With so many messages a chat counts as loaded. */
const LOADED = 20;

export function Conversation({ chat }: { readonly chat: Chat }) {
  const list = useRef<HTMLDivElement>(null);
  const more = useSignal(true);
  const shown = messages.value.get(chat.id) ?? [];
  const pending = outbox.value.filter((one) => one.chatId === chat.id);
  const self = session.value?.user.id;
  const names = shown
    .filter((message) => writers.value.get(chat.id)?.has(message.user.id) === true)
    .map((message) => message.user.name);

  async function older(): Promise<void> {
    const box = list.current;
    const height = box?.scrollHeight ?? 0;
    more.value = await loadOlder(chat.id).catch(() => true);
    // What was being looked at stays where it was.
    requestAnimationFrame(() => box?.scrollBy(0, box.scrollHeight - height));
  }

  useEffect(() => {
    // A chat that was open before is loaded already.
    if (messages.peek().get(chat.id)?.[LOADED - 1] !== undefined) return;
    void loadOlder(chat.id).then(
      (there) => (more.value = there),
      () => undefined,
    );
  }, [chat.id, more]);

  useEffect(() => {
    const look = (): void => {
      if (!document.hidden) void markRead(chat);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [chat]);

  const lastId = shown.at(-1)?.id;
  const mine = shown.at(-1)?.user.id === self;
  // Who reads further up is not torn away by what comes in below.
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    if (atEnd.current || mine || pending.length > 0) list.current?.scrollTo(0, list.current.scrollHeight);
  }, [chat.id, lastId, mine, pending.length]);

  function noteScroll(): void {
    const box = list.current;
    if (box !== null) atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
  }

  return (
    <section class="conversation" aria-label={chatName(chat)}>
      <header>
        <button type="button" class="link back" aria-label={TEXT.back} onClick={() => (selected.value = null)}>
          ‹
        </button>
        <h2>
          <bdi>{chatName(chat)}</bdi>
        </h2>
        <small aria-live="polite">{names.length > 0 && TEXT.typing([...new Set(names)].join(", "))}</small>
      </header>
      <div class="messages" ref={list} tabIndex={0} onScroll={noteScroll}>
        {more.value && (
          <button type="button" class="link" onClick={() => void older()}>
            {TEXT.older}
          </button>
        )}
        <ol aria-live="polite">
          {shown.map((message, at) => {
            const before = shown[at - 1];
            const newDay = before === undefined || dayOf(before.created_at) !== dayOf(message.created_at);
            return (
              <Fragment key={message.id}>
                {newDay && <li class="day">{dayOf(message.created_at)}</li>}
                <MessageView message={message} own={message.user.id === self} group={chat.kind !== "direct"} />
              </Fragment>
            );
          })}
          {pending.map((one) => (
            <li key={one.clientId} class="message own pending">
              <p class="text" dir="auto">
                {one.text}
              </p>
              <footer>{TEXT.pending}</footer>
            </li>
          ))}
        </ol>
      </div>
      <Composer key={chat.id} chatId={chat.id} />
    </section>
  );
}
