/**
 * Knows where one writes: the field grows, Enter sends and Shift and Enter break the line (on a phone the button sends), and
 * files that are picked, pasted or dropped go along.
 * Must not know how a message gets to the server.
 */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { codePoints } from "../../core/message.ts";
import type { Chat, Message } from "../api/shapes.ts";
import { edit } from "../state/actions.ts";
import {
  changedWords,
  composition,
  dropChange,
  emptyComposition,
  keepChange,
  stage,
  startEdit,
  stopBoth,
  unstage,
} from "../state/compose.ts";
import { tell } from "../state/connection.ts";
import { drafts, keepDraft } from "../state/drafts.ts";
import { historyOf } from "../state/history.ts";
import { attempt } from "../state/notice.ts";
import { send } from "../state/outbox.ts";
import { selfId } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { isNarrow, isTouch } from "./device.ts";
import { LocalFile } from "./files.tsx";
import { Icon } from "./icons.tsx";
import { QuoteLines } from "./quote.tsx";

/** Writing is told again so often, and is over after such a silence. */
const AGAIN_MS = 4_000;
const QUIET_MS = 5_000;
const MOST_FILES = 10;
const MOST_TEXT = 10_000;
/** From here on it is said how much room is left. */
const SCARCE = 9_000;

function useWriting(chatId: number) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const told = useRef(0);
  const stop = (): void => {
    clearTimeout(timer.current);
    if (told.current !== 0) tell(chatId, "typing", { on: false });
    told.current = 0;
  };
  const go = (): void => {
    clearTimeout(timer.current);
    timer.current = setTimeout(stop, QUIET_MS);
    if (Date.now() - told.current < AGAIN_MS) return;
    told.current = Date.now();
    tell(chatId, "typing", { on: true });
  };
  return { go, stop };
}

export function Composer({ chat }: { readonly chat: Chat }) {
  const chatId = chat.id;
  const field = useRef<HTMLTextAreaElement>(null);
  const text = useSignal(drafts.peek()[chatId] ?? "");
  const writing = useWriting(chatId);
  const { reply, edit: edited, files } = composition(chatId);
  const length = codePoints(text.value.trimEnd());
  const isEmpty = length === 0 && files.length === 0;

  // As high as what is written, up to what the stylesheet allows.
  useLayoutEffect(() => {
    const input = field.current;
    if (input === null) return;
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight + 2}px`;
  }, [text.value]);
  useLayoutEffect(() => {
    if (!isNarrow() && !isTouch()) field.current?.focus();
    return () => writing.stop();
  }, []);
  // Who changes a message finds it in the field, and what was written there before when they are done. Before they can write:
  // a fast hand would find its words mixed with the old ones.
  useLayoutEffect(() => {
    if (edited === null) return;
    text.value = changedWords(edited);
    field.current?.focus();
    return () => (text.value = drafts.peek()[chatId] ?? "");
  }, [edited?.id]);
  useLayoutEffect(() => {
    if (reply !== null || files.length > 0) field.current?.focus();
  }, [reply?.id, files.length]);

  function write(value: string): void {
    text.value = value;
    if (edited !== null) return keepChange(edited, value);
    keepDraft(chatId, value);
    if (value === "") writing.stop();
    else writing.go();
  }

  async function submit(): Promise<void> {
    const words = text.value.trimEnd();
    if (isEmpty || length > MOST_TEXT) return;
    writing.stop();
    if (edited !== null) {
      if (words.trim() === "") return;
      // What is written from here on is the next message.
      stopBoth(chatId);
      const isDone = words === edited.text || (await attempt(() => edit(edited, words)));
      if (isDone) dropChange(edited, words);
      else if (composition(chatId).edit === null) startEdit(edited);
      return;
    }
    const replyTo = reply?.id ?? null;
    if (files.length === 0 && words.trim() === "") return;
    // The words go with the first files; ten are the most that go along with one message.
    for (let at = 0; at === 0 || at < files.length; at += MOST_FILES)
      send(chatId, {
        text: at === 0 ? words : "",
        replyTo: at === 0 ? replyTo : null,
        files: files.slice(at, at + MOST_FILES),
      });
    emptyComposition(chatId);
    keepDraft(chatId, "");
    text.value = "";
    field.current?.focus();
  }

  function giveUp(): void {
    if (edited !== null) dropChange(edited);
    stopBoth(chatId);
  }

  function editLast(): void {
    const self = selfId();
    const own = [...(historyOf(chatId)?.messages.values() ?? [])].filter(
      (message) => message.user.id === self && message.deleted_at === null && (message.text ?? "") !== "",
    );
    const last = own.toSorted((a, b) => b.seq - a.seq)[0];
    if (last !== undefined) startEdit(last);
  }

  function key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "Escape" && (reply ?? edited) !== null) {
      event.preventDefault();
      giveUp();
    } else if (event.key === "ArrowUp" && text.value === "" && edited === null) {
      event.preventDefault();
      editLast();
    } else if (event.key === "Enter" && !event.shiftKey && !isTouch()) {
      event.preventDefault();
      void submit();
    }
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {(reply ?? edited) !== null && (
        <Subject message={(reply ?? edited) as Message} isEdit={edited !== null} stop={giveUp} />
      )}
      {files.length > 0 && (
        <ul class="tray" aria-label={TEXT.staged}>
          {files.map(({ key: id, file }) => (
            <li key={id} class="file">
              <LocalFile blob={file} name={file.name} />
              <button
                type="button"
                class="round"
                aria-label={TEXT.remove(file.name)}
                onClick={() => unstage(chatId, id)}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="line">
        <label class="round attach" title={TEXT.attach}>
          <Icon name="attach" />
          <input
            type="file"
            multiple
            aria-label={TEXT.attach}
            onChange={({ currentTarget }) => {
              stage(chatId, [...(currentTarget.files ?? [])]);
              currentTarget.value = "";
            }}
          />
        </label>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          enterkeyhint={isTouch() ? "enter" : "send"}
          aria-label={edited === null ? TEXT.write : TEXT.editing}
          placeholder={TEXT.writeShort}
          value={text.value}
          onInput={({ currentTarget }) => write(currentTarget.value)}
          onBlur={writing.stop}
          onKeyDown={key}
          onPaste={(event) => {
            const pasted = [...(event.clipboardData?.files ?? [])];
            if (pasted.length === 0) return;
            event.preventDefault();
            stage(chatId, pasted);
          }}
        />
        <button
          type="submit"
          class="round send"
          aria-label={edited === null ? TEXT.send : TEXT.save}
          disabled={isEmpty || length > MOST_TEXT}
        >
          <Icon name={edited === null ? "send" : "sent"} />
        </button>
      </div>
      <p class={length > MOST_TEXT ? "room error" : "room"} role="status">
        {length > SCARCE && TEXT.room(MOST_TEXT - length)}
      </p>
    </form>
  );
}

function Subject({
  message,
  isEdit,
  stop,
}: {
  readonly message: Message;
  readonly isEdit: boolean;
  readonly stop: () => void;
}) {
  return (
    <div class="subject">
      <Icon name={isEdit ? "edit" : "reply"} />
      <div class="row">
        <small>{isEdit ? TEXT.editing : TEXT.replying}</small>
        <QuoteLines message={message} />
      </div>
      <button type="button" class="round" aria-label={TEXT.cancel} onClick={stop}>
        <Icon name="close" />
      </button>
    </div>
  );
}
