/** The chats, and how to begin another. Knows the state; knows no transport. */

import { useSignal } from "@preact/signals";
import type { Chat, Person } from "../api/shapes.ts";
import { chatList, selected } from "../state/chats.ts";
import { findPeople, openChat } from "../state/live.ts";
import { leave, session } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { Avatar, chatName, shortTime, summary } from "./names.tsx";

export function Sidebar() {
  return (
    <nav class="sidebar" aria-label={TEXT.chats}>
      <header>
        <strong>{session.value?.user.name}</strong>
        <button type="button" class="link" onClick={() => void leave()}>
          {TEXT.logout}
        </button>
      </header>
      <Begin />
      <ul class="chats">
        {chatList.value.map((chat) => (
          <ChatRow key={chat.id} chat={chat} />
        ))}
      </ul>
      {chatList.value.length === 0 && <p class="hint">{TEXT.noChats}</p>}
    </nav>
  );
}

function ChatRow({ chat }: { readonly chat: Chat }) {
  const name = chatName(chat);
  return (
    <li>
      <button type="button" aria-current={selected.value === chat.id} onClick={() => (selected.value = chat.id)}>
        <Avatar name={name} id={chat.peer?.id ?? chat.id} />
        <span class="row">
          <span class="line">
            <bdi class="name">{name}</bdi>
            <time dateTime={chat.updated_at}>{shortTime(chat.updated_at)}</time>
          </span>
          <span class="line">
            <bdi class="last">{summary(chat.last_message)}</bdi>
            {chat.unread > 0 && (
              <span class="badge" aria-label={TEXT.unread(chat.unread)}>
                {chat.unread}
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

/** Finds people: one is written to, several become a group. */
function Begin() {
  const query = useSignal("");
  const found = useSignal<readonly Person[]>([]);
  const picked = useSignal<readonly Person[]>([]);
  const grouping = useSignal(false);
  const title = useSignal("");
  const failed = useSignal(false);

  async function search(text: string): Promise<void> {
    query.value = text;
    try {
      found.value = text.trim() === "" ? [] : await findPeople(text.trim());
    } catch {
      found.value = [];
    }
  }

  function reset(): void {
    query.value = "";
    found.value = [];
    picked.value = [];
    grouping.value = false;
    title.value = "";
  }

  async function begin(members: readonly Person[], name: string | null): Promise<void> {
    failed.value = false;
    try {
      await openChat(
        members.map((person) => person.id),
        name,
      );
      reset();
    } catch {
      failed.value = true;
    }
  }

  const pick = (person: Person): void => {
    if (!grouping.value) void begin([person], null);
    else if (picked.value.every((one) => one.id !== person.id)) picked.value = [...picked.value, person];
  };

  return (
    <section class="begin">
      <input
        type="search"
        value={query.value}
        aria-label={TEXT.search}
        placeholder={TEXT.search}
        onInput={(event) => void search(event.currentTarget.value)}
      />
      <ul>
        {found.value.map((person) => (
          <li key={person.id}>
            <button type="button" onClick={() => pick(person)}>
              <Avatar name={person.name} id={person.id} />
              <bdi>{person.name}</bdi> <small>@{person.username}</small>
            </button>
          </li>
        ))}
      </ul>
      {grouping.value ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void begin(picked.value, title.value.trim());
          }}
        >
          <input
            aria-label={TEXT.groupTitle}
            placeholder={TEXT.groupTitle}
            required
            maxLength={200}
            value={title.value}
            onInput={(event) => (title.value = event.currentTarget.value)}
          />
          <p>{picked.value.map((person) => person.name).join(", ")}</p>
          <button class="primary">{TEXT.create}</button>
          <button type="button" class="link" onClick={reset}>
            {TEXT.cancel}
          </button>
        </form>
      ) : (
        <button type="button" class="link" onClick={() => (grouping.value = true)}>
          {TEXT.newGroup}
        </button>
      )}
      {failed.value && (
        <p class="error" role="alert">
          {TEXT.failed}
        </p>
      )}
    </section>
  );
}
