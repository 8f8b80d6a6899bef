/**
 * Knows one line of the list of chats.
 * Must not know the list.
 */

import type { Chat } from "../api/shapes.ts";
import { shortTime } from "../model/times.ts";
import { drafts } from "../state/drafts.ts";
import { chatName, summary } from "../state/names.ts";
import { outbox } from "../state/outbox.ts";
import { isOnline } from "../state/people.ts";
import { route, show } from "../state/route.ts";
import { session } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { ChatAvatar } from "./avatar.tsx";
import { Icon } from "./icons.tsx";
import { useWriters } from "./writers.ts";

interface Props {
  readonly chat: Chat;
  /** Whether Tab stops here. */
  readonly stop: boolean;
  readonly chosen?: () => void;
}

export function ChatRow({ chat, stop, chosen }: Props) {
  const online = isOnline(chat.peer?.id);
  const isOpen = route.value.chat === chat.id;
  return (
    <li>
      <button
        type="button"
        class="item"
        data-chat={chat.id}
        data-stop
        tabIndex={stop ? 0 : -1}
        aria-current={isOpen ? "true" : undefined}
        onClick={() => {
          show(chat.id);
          chosen?.();
        }}
      >
        <ChatAvatar chat={chat} online={online} />
        <span class="row">
          <span class="line">
            <span class="name">
              <bdi>{chatName(chat)}</bdi>
            </span>
            {online && <span class="unseen">, {TEXT.online}</span>}
            <time dateTime={chat.updated_at}>{shortTime(chat.updated_at)}</time>
          </span>
          <span class="line">
            <Last chat={chat} isOpen={isOpen} />
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

function Last({ chat, isOpen }: { readonly chat: Chat; readonly isOpen: boolean }) {
  const writing = useWriters(chat.id);
  const self = session.value?.user.id;
  const draft = isOpen ? undefined : drafts.value[chat.id];
  const pending = outbox.value.findLast((one) => one.chatId === chat.id);
  if (writing.length > 0)
    return <span class="last writing">{chat.kind === "direct" ? TEXT.writing : TEXT.typing(writing)}</span>;
  if (draft !== undefined)
    return (
      <span class="last">
        <em>{TEXT.draft}</em> <bdi>{draft.slice(0, 200)}</bdi>
      </span>
    );
  if (pending !== undefined)
    return (
      <span class="last">
        <Icon name={pending.refused === null ? "clock" : "warn"} />
        <span class="unseen">{pending.refused === null ? TEXT.sending : TEXT.notSent}</span>
        <bdi>{pending.text.slice(0, 200) || TEXT.filesOf(pending.files.length)}</bdi>
      </span>
    );
  const last = chat.last_message;
  if (last === null) return <span class="last">{TEXT.noMessages}</span>;
  const own = last.user.id === self && last.deleted_at === null;
  return (
    <span class="last">
      {own && (
        <>
          <Icon name={last.read ? "seen" : "sent"} />
          <span class="unseen">{last.read ? TEXT.read : TEXT.sent}</span>
        </>
      )}
      {!own && chat.kind !== "direct" && last.deleted_at === null && <bdi>{last.user.name}: </bdi>}
      <bdi>{summary(last)}</bdi>
    </span>
  );
}
