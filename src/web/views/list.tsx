/**
 * Knows how the messages of a chat lie under each other, scroll, and are read by being looked at.
 * Must not know what one message looks like.
 */

import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Chat } from "../api/shapes.ts";
import { markRead } from "../state/actions.ts";
import type { History } from "../state/history.ts";
import { outbox } from "../state/outbox.ts";
import { session } from "../state/session.ts";
import { fetchOlder } from "../state/sync.ts";
import { TEXT } from "../text.ts";
import { MessageView } from "./message.tsx";
import { dayOf, summary } from "./names.tsx";
import { PendingView } from "./pending.tsx";

/** So far from the end one still counts as being there. */
const NEAR = 60;

export function MessageList({ chat, history }: { readonly chat: Chat; readonly history: History }) {
  const box = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const atEnd = useSignal(true);
  const busy = useSignal(false);
  /** How far from the end one was before older messages came. */
  const keep = useRef<number | null>(null);
  const top = useRef(0);
  const self = session.value?.user.id;
  const pending = outbox.value.filter((one) => one.chatId === chat.id);
  const { items, more } = history;
  const first = items[0]?.id;
  const last = items.at(-1);

  const toEnd = (): void => box.current?.scrollTo(0, box.current.scrollHeight);

  async function older(): Promise<void> {
    busy.value = true;
    try {
      const put = await fetchOlder(chat.id);
      if (box.current !== null) keep.current = box.current.scrollHeight - box.current.scrollTop;
      put();
    } catch {
      // The button stays, to be pressed again.
    } finally {
      busy.value = false;
    }
  }

  useLayoutEffect(() => {
    if (keep.current === null || box.current === null) return;
    box.current.scrollTop = box.current.scrollHeight - keep.current;
    keep.current = null;
  }, [first]);
  // What one writes oneself is looked at; pictures and the keyboard change heights at any time.
  useLayoutEffect(toEnd, [pending.length]);
  useEffect(() => {
    const observer = new ResizeObserver(() => atEnd.peek() && toEnd());
    for (const one of [box.current, list.current]) if (one !== null) observer.observe(one);
    return () => observer.disconnect();
  }, [atEnd]);

  useEffect(() => {
    const look = (): void => {
      if (!document.hidden && atEnd.peek()) markRead(chat);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [chat, last?.id, atEnd, atEnd.value]);

  return (
    <>
      <div
        class="messages"
        ref={box}
        tabIndex={0}
        role="region"
        aria-label={TEXT.messages}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          // Only who scrolls up leaves the end: when messages come fast, the end is ahead for a moment.
          if (scrollHeight - scrollTop - clientHeight < NEAR) atEnd.value = true;
          else if (scrollTop < top.current) atEnd.value = false;
          top.current = scrollTop;
        }}
      >
        {more && (
          <button type="button" class="link older" disabled={busy.value} onClick={() => void older()}>
            {TEXT.older}
          </button>
        )}
        {items.length + pending.length === 0 && <p class="hint">{TEXT.noMessages}</p>}
        <ol ref={list}>
          {items.map((message, at) => {
            const before = items[at - 1];
            const newDay = before === undefined || dayOf(before.created_at) !== dayOf(message.created_at);
            const newAuthor = newDay || before.user.id !== message.user.id;
            const own = message.user.id === self;
            return (
              <Fragment key={message.id}>
                {newDay && <li class="day">{dayOf(message.created_at)}</li>}
                <MessageView message={message} own={own} author={newAuthor && !own && chat.kind !== "direct"} />
              </Fragment>
            );
          })}
          {pending.map((one) => (
            <PendingView key={one.clientId} pending={one} />
          ))}
        </ol>
        {!atEnd.value && (
          <button type="button" class="newest" onClick={toEnd}>
            {chat.unread > 0 ? TEXT.unread(chat.unread) : TEXT.newest} ↓
          </button>
        )}
      </div>
      <Heard id={last?.id} text={last && last.user.id !== self ? TEXT.from(last.user.name, summary(last)) : ""} />
    </>
  );
}

/** Says a message that comes while one is here, to those who do not see it. */
function Heard({ id, text }: { readonly id: number | undefined; readonly text: string }) {
  const begin = useRef(id);
  return (
    <p class="unseen" role="status">
      {id !== begin.current && text}
    </p>
  );
}
