/**
 * Knows what can be done with a message: answer, copy, change, delete, see who has read it. Opens the menu and asks the second
 * question.
 * Must not know what a message looks like.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Chat, Message } from "../api/shapes.ts";
import { erase } from "../state/actions.ts";
import { startEdit, startReply } from "../state/compose.ts";
import { say } from "../state/notice.ts";
import { readersOf, rosters } from "../state/rosters.ts";
import { TEXT } from "../text.ts";
import { Avatar } from "./avatar.tsx";
import { Confirm, Dialog } from "./dialog.tsx";
import type { Item } from "./menu.tsx";
import { Menu } from "./menu.tsx";

export interface Actions {
  readonly reply: (message: Message) => void;
  /** `at`: where the menu opens, in pixels of the window. */
  readonly open: (message: Message, at: { readonly x: number; readonly y: number }) => void;
  readonly jump: (id: number) => void;
  readonly view: ComponentChildren;
}

interface Surroundings {
  readonly chat: Chat;
  readonly self: number;
  readonly jump: (id: number) => void;
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(TEXT.copied);
  } catch {
    say(TEXT.notCopied);
  }
}

export function useActions({ chat, self, jump }: Surroundings): Actions {
  const menu = useSignal<{ message: Message; at: { x: number; y: number } } | null>(null);
  const erasing = useSignal<Message | null>(null);
  const read = useSignal<Message | null>(null);

  function items(message: Message): Item[] {
    const isOwn = message.user.id === self;
    const role = rosters.peek().get(chat.id)?.get(self)?.role ?? "member";
    const mayErase = isOwn || (chat.kind !== "direct" && role !== "member");
    const text = message.text ?? "";
    return [
      { text: TEXT.reply, icon: "reply", act: () => startReply(message) },
      ...(text === "" ? [] : [{ text: TEXT.copy, icon: "copy" as const, act: () => void copy(text) }]),
      ...(isOwn && text !== "" ? [{ text: TEXT.edit, icon: "edit" as const, act: () => startEdit(message) }] : []),
      ...(isOwn && chat.kind !== "direct"
        ? [{ text: TEXT.readBy, icon: "eye" as const, act: () => (read.value = message) }]
        : []),
      ...(mayErase
        ? [{ text: TEXT.erase, icon: "trash" as const, act: () => (erasing.value = message), danger: true }]
        : []),
    ];
  }

  return {
    reply: startReply,
    open: (message, at) => {
      if (message.deleted_at === null) menu.value = { message, at: { ...at } };
    },
    jump,
    view: (
      <>
        {menu.value !== null && (
          <Menu
            label={TEXT.actions}
            items={items(menu.value.message)}
            at={menu.value.at}
            close={() => (menu.value = null)}
          />
        )}
        {erasing.value !== null && (
          <Confirm
            title={TEXT.erase}
            text={TEXT.reallyErase}
            action={TEXT.erase}
            act={async () => {
              if (erasing.value !== null) await erase(erasing.value);
            }}
            close={() => (erasing.value = null)}
          />
        )}
        {read.value !== null && <ReadBy message={read.value} chatId={chat.id} close={() => (read.value = null)} />}
      </>
    ),
  };
}

function ReadBy({
  message,
  chatId,
  close,
}: {
  readonly message: Message;
  readonly chatId: number;
  readonly close: () => void;
}) {
  const readers = readersOf(rosters.value.get(chatId), message.seq, message.user.id);
  return (
    <Dialog title={TEXT.readBy} close={close}>
      <ul class="members">
        {readers.map(({ user }) => (
          <li key={user.id} class="item">
            <Avatar name={user.name} id={user.id} photo={user.photo} size="small" />
            <span class="name">
              <bdi>{user.name}</bdi>
            </span>
          </li>
        ))}
      </ul>
      {readers.length === 0 && <p class="words">{TEXT.readByNobody}</p>}
    </Dialog>
  );
}
