/**
 * Knows the list of chats, and the search above it: each chat with its last message, its time and what is unread.
 * Must not know how the list stays up to date.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Chat, Person } from "../api/shapes.ts";
import { begin } from "../state/actions.ts";
import { chatList, listed } from "../state/chats.ts";
import { chatName } from "../state/names.ts";
import { attempt } from "../state/notice.ts";
import { route } from "../state/route.ts";
import { session } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { ChatRow } from "./chat-row.tsx";
import { Icon } from "./icons.tsx";
import { Me } from "./me.tsx";
import { NewGroup } from "./new-group.tsx";
import { FoundPeople, SearchField, useFound } from "./people.tsx";
import { rove } from "./roving.ts";

export function Sidebar() {
  const query = useSignal("");
  const making = useSignal(false);
  const user = session.value?.user;
  return (
    <nav class="sidebar" aria-label={TEXT.chats}>
      <header>
        {user !== undefined && <Me user={user} />}
        <h2>{TEXT.chats}</h2>
        <button
          type="button"
          class="round"
          aria-label={TEXT.newGroup}
          title={TEXT.newGroup}
          onClick={() => (making.value = true)}
        >
          <Icon name="group" />
        </button>
      </header>
      <SearchField label={TEXT.search} text={query.value} change={(text) => (query.value = text)} />
      <div class="lists">
        {query.value.trim() === "" ? <Chats /> : <Results text={query.value} done={() => (query.value = "")} />}
      </div>
      {making.value && <NewGroup close={() => (making.value = false)} />}
    </nav>
  );
}

function Chats() {
  const list = useRef<HTMLUListElement>(null);
  const left = useRef(route.value.chat);
  const now = route.value.chat;
  // Who closes a chat is where they came from.
  useEffect(() => {
    if (now === null && left.current !== null)
      list.current?.querySelector<HTMLElement>(`[data-chat="${left.current}"]`)?.focus();
    left.current = now;
  }, [now]);
  const chats = chatList.value;
  if (chats.length === 0)
    return listed.value ? (
      <div class="hint">
        <p>{TEXT.noChats}</p>
      </div>
    ) : (
      <Skeleton />
    );
  const stop = chats.some((chat) => chat.id === now) ? now : chats[0]?.id;
  return (
    <ul class="chats" ref={list} onKeyDown={(event) => rove(event, event.currentTarget, "[data-chat]")}>
      {chats.map((chat) => (
        <ChatRow key={chat.id} chat={chat} stop={chat.id === stop} />
      ))}
    </ul>
  );
}

function Skeleton() {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">{TEXT.loading}</span>
      {[0, 1, 2, 3].map((at) => (
        <div key={at} class="item" aria-hidden="true">
          <span class="face" />
          <span class="row">
            <span />
            <span />
          </span>
        </div>
      ))}
    </div>
  );
}

const folded = (text: string): string => text.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

const fits = (chat: Chat, text: string): boolean =>
  folded(`${chatName(chat)} ${chat.peer?.username ?? ""}`).includes(folded(text.trim()));

function Results({ text, done }: { readonly text: string; readonly done: () => void }) {
  const { people, failed } = useFound(text);
  const chats = chatList.value.filter((chat) => fits(chat, text)).slice(0, 20);
  const known = new Set(chats.map((chat) => (chat.kind === "direct" ? chat.peer?.id : undefined)));
  const others = (people ?? []).filter((person) => !known.has(person.id));
  const write = async (person: Person): Promise<void> => {
    if (await attempt(() => begin([person], null))) done();
  };
  return (
    <>
      {chats.length > 0 && (
        <>
          <h3>{TEXT.chats}</h3>
          <ul class="chats found" onKeyDown={(event) => rove(event, event.currentTarget, "[data-chat]")}>
            {chats.map((chat, at) => (
              <ChatRow key={chat.id} chat={chat} stop={at === 0} chosen={done} />
            ))}
          </ul>
        </>
      )}
      {others.length > 0 && (
        <>
          <h3>{TEXT.people}</h3>
          <FoundPeople people={others} pick={(person) => void write(person)} />
        </>
      )}
      <p class="hint" role="status">
        {failed ? TEXT.offline : people !== null && chats.length + others.length === 0 && TEXT.nobody}
      </p>
    </>
  );
}
