/**
 * Knows the open chat: its name, who is there and writing, its messages and where one writes; and that files dropped on it go
 * along.
 * Must not know how messages are shown, nor how they are sent.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Chat } from "../api/shapes.ts";
import { ago } from "../model/times.ts";
import { connected } from "../state/connection.ts";
import { stage } from "../state/compose.ts";
import { historyOf, openHistory } from "../state/history.ts";
import { chatName } from "../state/names.ts";
import { isOnline, presences } from "../state/people.ts";
import { rosters } from "../state/rosters.ts";
import { addressOf, route, show } from "../state/route.ts";
import { openChat } from "../state/sync.ts";
import { TEXT } from "../text.ts";
import { ChatAvatar } from "./avatar.tsx";
import { Composer } from "./composer.tsx";
import { isNarrow, isTouch } from "./device.ts";
import { Icon } from "./icons.tsx";
import { MessageList } from "./list.tsx";
import { useWriters } from "./writers.ts";

export function Conversation({ chat }: { readonly chat: Chat }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const opened = useSignal(false);
  const dropping = useSignal(false);
  const online = connected.value;
  openHistory(chat.id, chat.rev);

  useEffect(() => {
    // Without a connection there is what was seen before.
    void openChat(chat.id)
      .catch(() => undefined)
      .finally(() => (opened.value = true));
  }, [chat.id, online]);
  // A phone would open its keyboard for the field, which else has the focus; the heading says where one is.
  useEffect(() => {
    if (isNarrow() || isTouch()) heading.current?.focus({ preventScroll: true });
  }, []);

  const name = chatName(chat);
  const history = historyOf(chat.id);
  const hasFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes("Files") === true;
  return (
    <section
      class="conversation"
      aria-label={name}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        dropping.value = true;
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) dropping.value = false;
      }}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        dropping.value = false;
        stage(chat.id, [...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <header>
        <button type="button" class="round back" aria-label={TEXT.back} onClick={() => show(null)}>
          <Icon name="back" />
        </button>
        <ChatAvatar chat={chat} online={isOnline(chat.peer?.id)} />
        <div class="row">
          <h2 ref={heading} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h2>
          <Whereabouts chat={chat} />
        </div>
        <a
          class="round"
          href={addressOf(chat.id, !route.value.info)}
          role="button"
          aria-label={chat.kind === "direct" ? TEXT.aboutPerson : TEXT.aboutGroup}
          aria-expanded={route.value.info}
        >
          <Icon name="info" />
        </a>
      </header>
      {history !== undefined && opened.value ? (
        <MessageList chat={chat} history={history} />
      ) : (
        <p class="messages hint" role="status">
          {TEXT.loading}
        </p>
      )}
      <Composer chat={chat} />
      {dropping.value && (
        <div class="drop" aria-hidden="true">
          <Icon name="attach" />
          {TEXT.drop}
        </div>
      )}
    </section>
  );
}

/** Who is writing, else who is there. */
function Whereabouts({ chat }: { readonly chat: Chat }) {
  const writing = useWriters(chat.id);
  return (
    <p class="whereabouts">
      <span role="status" class="writing">
        {writing.length > 0 && TEXT.typing(writing)}
      </span>
      {writing.length === 0 && (
        <span>{chat.kind === "direct" ? <Presence id={chat.peer?.id ?? 0} /> : <Company chat={chat} />}</span>
      )}
    </p>
  );
}

export function Presence({ id }: { readonly id: number }) {
  const presence = presences.value.get(id);
  if (presence === undefined) return null;
  if (presence.online) return <>{TEXT.online}</>;
  return <>{presence.lastSeen ? TEXT.lastSeen(ago(presence.lastSeen)) : TEXT.offlineNow}</>;
}

function Company({ chat }: { readonly chat: Chat }) {
  const ids = [...(rosters.value.get(chat.id)?.keys() ?? [])];
  const there = ids.filter((id) => isOnline(id)).length;
  return <>{TEXT.company(chat.members_count, there)}</>;
}
