/**
 * Knows how the messages of a chat lie under each other, come as one scrolls, and are read by being looked at.
 * Must not know what one message looks like.
 */

import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Chat, Message } from "../api/shapes.ts";
import { seqOf } from "../api/shapes.ts";
import type { Span } from "../model/span.ts";
import { around, follow, missing, MOST, newer, newest, older, STEP } from "../model/span.ts";
import { dayKey, dayOf } from "../model/times.ts";
import { markRead } from "../state/actions.ts";
import { connected } from "../state/connection.ts";
import type { History } from "../state/history.ts";
import { summary } from "../state/names.ts";
import { outbox } from "../state/outbox.ts";
import { rosters } from "../state/rosters.ts";
import { session } from "../state/session.ts";
import { ensure } from "../state/sync.ts";
import { TEXT } from "../text.ts";
import { Icon } from "./icons.tsx";
import { useActions } from "./message-actions.tsx";
import { MessageView } from "./message.tsx";
import { PendingView } from "./pending.tsx";
import { rove } from "./roving.ts";
import { lastSeen, rowOf, usePlace } from "./scroll.ts";

/** Messages of one person within this time stand together. */
const TOGETHER_MS = 5 * 60_000;
const FLASH_MS = 1_600;

const isLooking = (): boolean => !document.hidden && document.hasFocus();

export function MessageList({ chat, history }: { readonly chat: Chat; readonly history: History }) {
  const box = useRef<HTMLDivElement>(null);
  const span = useSignal<Span>({ from: 1, to: 0 });
  /** The first message that is new since the chat was opened, or since one looked away. */
  const line = useSignal(0);
  const failed = useSignal(false);
  const atEnd = useSignal(true);
  const active = useSignal(0);
  const flash = useSignal(0);
  const ready = useSignal(false);
  const busy = useRef(false);
  const marked = useRef("");
  const before = useRef(chat.last_seq);
  const chatNow = useRef(chat);
  chatNow.current = chat;
  const version = history.version.value;
  const self = session.value?.user.id ?? 0;
  const online = connected.value;
  const last = chat.last_seq;
  const pending = outbox.value.filter((one) => one.chatId === chat.id);

  const moved = useCallback((): void => {
    const element = box.current;
    if (element === null || !ready.peek()) return;
    atEnd.value = place.current.atEnd;
    const { from, to } = span.peek();
    const { scrollTop, scrollHeight, clientHeight } = element;
    if (scrollTop < 1.5 * clientHeight && from > 1) void extend(older(span.peek()));
    else if (scrollHeight - scrollTop - clientHeight < 1.5 * clientHeight && to < chatNow.current.last_seq)
      void extend(newer(span.peek(), chatNow.current.last_seq));
    look();
  }, []);
  const { place, scrolled } = usePlace(box, () => span.peek().to >= chatNow.current.last_seq, moved);

  /** What is in view has been read. */
  function look(): void {
    const { unread, last_seq, id } = chatNow.current;
    if (unread === 0 || box.current === null || !isLooking() || !ready.peek()) return;
    const seen = place.current.atEnd && span.peek().to >= last_seq ? last_seq : lastSeen(box.current);
    const mark = `${seen}/${unread}`;
    if (seen === 0 || marked.current === mark) return;
    marked.current = mark;
    markRead(id, seen);
  }

  async function extend(wanted: Span): Promise<void> {
    if (busy.current) return;
    busy.current = true;
    try {
      await ensure(chat.id, wanted);
      span.value = wanted;
      failed.value = false;
      // What comes after it is fetched meanwhile.
      void ensure(chat.id, { from: Math.max(1, wanted.from - STEP), to: wanted.from - 1 }).catch(() => undefined);
    } catch {
      failed.value = true;
    } finally {
      busy.current = false;
    }
  }

  async function goTo(seq: number, block: "start" | "center"): Promise<void> {
    const wanted = around(seq, chatNow.current.last_seq);
    await ensure(chat.id, wanted);
    const now = span.peek();
    place.current = { atEnd: false, target: { seq, block } };
    // A new object, so that the page is laid out again in any case.
    span.value = seq >= now.from && seq <= now.to ? { ...now } : wanted;
  }

  async function jump(id: number): Promise<void> {
    const seq = seqOf(id);
    try {
      await goTo(seq, "center");
    } catch {
      failed.value = true;
      return;
    }
    active.value = seq;
    flash.value = seq;
    setTimeout(() => {
      if (flash.peek() === seq) flash.value = 0;
    }, FLASH_MS);
    requestAnimationFrame(() => box.current && rowOf(box.current, seq)?.focus({ preventScroll: true }));
  }

  async function toNewest(): Promise<void> {
    const end = chatNow.current.last_seq;
    await ensure(chat.id, newest(end)).catch(() => undefined);
    place.current = { atEnd: true, target: null };
    span.value = span.peek().to >= end ? { ...span.peek() } : newest(end);
  }

  /** Begins at the first unread message; without a connection, at the end of what is there. */
  async function open(): Promise<void> {
    const { unread, last_seq, id } = chatNow.current;
    try {
      if (unread > 0) {
        const first = await firstUnread(id, history, self, last_seq);
        if (first !== undefined) {
          line.value = first;
          await goTo(first, "start");
          return;
        }
      }
      await ensure(id, newest(last_seq));
      span.value = newest(last_seq);
    } catch {
      // Of what is known, the newest stretch.
      const end = [...history.messages.keys()].reduce((most, seq) => Math.max(most, seq), 0);
      let from = end;
      while (end - from < MOST && history.messages.has(from - 1)) from--;
      span.value = { from: Math.max(1, from), to: last_seq };
      failed.value = end < last_seq;
    } finally {
      ready.value = true;
    }
  }

  useEffect(() => void open(), []);
  // What is to be shown and is not there, after a loss of the connection or a reset.
  useEffect(() => {
    if (!ready.value || !online) return;
    marked.current = "";
    const holes = missing(span.value, (seq) => history.messages.has(seq), MOST);
    if (holes.length > 0)
      void ensure(chat.id, span.value)
        .then(() => (failed.value = false))
        .catch(() => (failed.value = true));
    look();
  }, [ready.value, online, span.value, version]);
  useLayoutEffect(() => {
    const was = before.current;
    before.current = last;
    if (last === was || !ready.value) return;
    const isOwn = history.messages.get(last)?.user.id === self;
    if (isOwn) line.value = 0;
    else if (!isLooking() || !place.current.atEnd) {
      if (line.value === 0 || place.current.atEnd) line.value = was + 1;
    }
    span.value = follow(span.peek(), was, last, place.current.atEnd);
  }, [last, ready.value]);
  // What one writes oneself is looked at.
  const writing = pending.length;
  const wrote = useRef(writing);
  useLayoutEffect(() => {
    if (writing > wrote.current) void toNewest();
    wrote.current = writing;
  }, [writing]);
  useEffect(() => {
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      removeEventListener("focus", look);
    };
  }, []);
  useEffect(look, [chat.unread]);

  const actions = useActions({ chat, self, jump: (id) => void jump(id) });
  const { from, to } = span.value;
  const shown: Message[] = [];
  for (let seq = from; seq <= to; seq++) {
    const message = history.messages.get(seq);
    if (message !== undefined) shown.push(message);
  }
  const stop = shown.some(({ seq }) => seq === active.value) ? active.value : (shown.at(-1)?.seq ?? 0);

  return (
    <>
      <div class="scroller">
        <div class="messages" ref={box} onScroll={scrolled}>
          <ol
            aria-label={TEXT.messages}
            onKeyDown={(event) => rove(event, event.currentTarget, "[data-seq]")}
            onFocusIn={({ target }) => {
              const row = (target as HTMLElement).closest<HTMLElement>("[data-seq]");
              if (row !== null) active.value = Number(row.dataset["seq"]);
            }}
          >
            {from > 1 && to > 0 && (
              <li class="day">
                {failed.value ? (
                  <button type="button" class="link" onClick={() => void extend(older(span.peek()))}>
                    {TEXT.retryOlder}
                  </button>
                ) : (
                  TEXT.loading
                )}
              </li>
            )}
            {ready.value && shown.length + pending.length === 0 && (
              <li class="day">{failed.value ? TEXT.notLoaded : TEXT.sayHello}</li>
            )}
            {shown.map((message, at) => {
              const previous = history.messages.get(message.seq - 1);
              const next = shown[at + 1];
              const newDay = previous === undefined || dayKey(previous.created_at) !== dayKey(message.created_at);
              const isLine = line.value === message.seq;
              return (
                <Fragment key={message.id}>
                  {newDay && (
                    <li class="day">
                      <time dateTime={message.created_at}>{dayOf(message.created_at)}</time>
                    </li>
                  )}
                  {isLine && <li class="day line-new">{TEXT.newMessages}</li>}
                  <MessageView
                    message={message}
                    chat={chat}
                    self={self}
                    history={history}
                    first={newDay || isLine || !together(previous, message)}
                    last={next === undefined || !together(message, next)}
                    stop={message.seq === stop}
                    flash={message.seq === flash.value}
                    actions={actions}
                  />
                </Fragment>
              );
            })}
            {to >= last && pending.map((one) => <PendingView key={one.clientId} pending={one} />)}
          </ol>
        </div>
        {!(atEnd.value && to >= last) && ready.value && (
          <button
            type="button"
            class="newest"
            onClick={() => void toNewest()}
            aria-label={chat.unread > 0 ? `${TEXT.newest}, ${TEXT.unread(chat.unread)}` : TEXT.newest}
          >
            {chat.unread > 0 && <span class="badge">{chat.unread > 99 ? "99+" : chat.unread}</span>}
            <Icon name="down" />
          </button>
        )}
      </div>
      {actions.view}
      <Heard message={history.messages.get(last)} self={self} />
    </>
  );
}

const together = (a: Message | undefined, b: Message): boolean =>
  a !== undefined &&
  a.user.id === b.user.id &&
  dayKey(a.created_at) === dayKey(b.created_at) &&
  Date.parse(b.created_at) - Date.parse(a.created_at) < TOGETHER_MS;

/** The first message of somebody else that one has not read. @throws Problem; Error where there is no connection */
async function firstUnread(chatId: number, history: History, self: number, last: number): Promise<number | undefined> {
  const read = rosters.peek().get(chatId)?.get(self)?.read_seq;
  if (read === undefined) return undefined;
  const span = around(read + 1, last);
  await ensure(chatId, span);
  for (let seq = read + 1; seq <= span.to; seq++) {
    const message = history.messages.get(seq);
    if (message !== undefined && message.user.id !== self && !message.read && message.deleted_at === null) return seq;
  }
  return undefined;
}

/** Says a message that comes while one is here, to those who do not see it. */
function Heard({ message, self }: { readonly message: Message | undefined; readonly self: number }) {
  const begin = useRef(message?.id);
  const isNew = message !== undefined && message.id !== begin.current && message.user.id !== self;
  return (
    <p class="unseen" role="status">
      {isNew && TEXT.from(message.user.name, summary(message))}
    </p>
  );
}
