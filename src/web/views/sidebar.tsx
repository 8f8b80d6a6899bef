/**
 * Knows the list of chats: each with its last message, its time and what is unread.
 * Must not know how the list stays up to date.
 */

import { useEffect, useRef } from "preact/hooks";
import type { Chat } from "../api/shapes.ts";
import { leave } from "../state/actions.ts";
import { chatList, listed } from "../state/chats.ts";
import { selected, show } from "../state/route.ts";
import { session } from "../state/session.ts";
import { writers } from "../state/typing.ts";
import { TEXT } from "../text.ts";
import { Begin } from "./begin.tsx";
import { Avatar, chatName, shortTime, summary } from "./names.tsx";

export function Sidebar() {
  const list = useRef<HTMLUListElement>(null);
  const left = useRef(selected.value);
  const now = selected.value;
  // Who closes a chat is where they came from.
  useEffect(() => {
    if (now === null && left.current !== null)
      list.current?.querySelector<HTMLElement>(`[data-chat="${left.current}"]`)?.focus();
    left.current = now;
  }, [now]);

  const me = session.value?.user;
  return (
    <nav class="sidebar" aria-label={TEXT.chats}>
      <header>
        {me !== undefined && <Avatar name={me.name} id={me.id} />}
        <bdi class="name">{me?.name}</bdi>
        <button type="button" class="link" onClick={leave}>
          {TEXT.logout}
        </button>
      </header>
      <Begin />
      <ul class="chats" ref={list}>
        {chatList.value.map((chat) => (
          <ChatRow key={chat.id} chat={chat} />
        ))}
      </ul>
      {chatList.value.length === 0 && <p class="hint">{listed.value ? TEXT.noChats : TEXT.loading}</p>}
    </nav>
  );
}

function ChatRow({ chat }: { readonly chat: Chat }) {
  const name = chatName(chat);
  const writing = (writers.value.get(chat.id)?.size ?? 0) > 0;
  return (
    <li>
      <button
        type="button"
        class="item"
        data-chat={chat.id}
        aria-current={selected.value === chat.id}
        onClick={() => show(chat.id)}
      >
        <Avatar name={name} id={chat.peer?.id ?? chat.id} />
        <span class="row">
          <span class="line">
            <bdi class="name">{name}</bdi>
            <time dateTime={chat.updated_at}>{shortTime(chat.updated_at)}</time>
          </span>
          <span class="line">
            <bdi class="last">{writing ? "…" : <Last chat={chat} />}</bdi>
            {chat.unread > 0 && (
              <span class="badge">
                <span aria-hidden="true">{chat.unread > 99 ? "99+" : chat.unread}</span>
                <span class="unseen">{TEXT.unread(chat.unread)}</span>
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

function Last({ chat }: { readonly chat: Chat }) {
  const last = chat.last_message;
  if (last === null) return null;
  const known = chat.kind === "direct" || last.deleted_at !== null;
  return <>{known ? summary(last) : TEXT.from(last.user.name, summary(last))}</>;
}
