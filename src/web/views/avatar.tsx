/**
 * Knows how a person or a chat is shown by a small round picture: the photo, or initials on a colour that stays the same.
 * Must not know any state.
 */

import { useSignal } from "@preact/signals";
import { colourOf } from "../../core/people.ts";
import type { UserId } from "../../core/ids.ts";
import type { Chat } from "../api/shapes.ts";
import { chatName } from "../state/names.ts";
import { Icon } from "./icons.tsx";

/** Pictures of the web, and small ones within their address; the policy of the page lets nothing else through. */
const SHOWN = /^(https:\/\/|data:image\/(png|jpeg|gif|webp);)/i;

const segments = new Intl.Segmenter();

function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s_.-]+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = (word: string): string => {
    const letters = word.slice(/[\p{L}\p{N}]/u.exec(word)?.index ?? 0);
    // One letter alone, however many marks stand on it.
    return [...segments.segment(letters)][0]?.segment.normalize("NFC").slice(0, 2) ?? "";
  };
  const shown = words.length > 1 ? [words[0], words.at(-1)] : words;
  return shown.map((word) => first(word ?? "").toLocaleUpperCase()).join("") || "?";
}

interface Props {
  readonly name: string;
  readonly id: number;
  readonly photo?: string | null | undefined;
  readonly online?: boolean | undefined;
  readonly kind?: Chat["kind"];
  readonly size?: "small" | "large";
}

export function Avatar({ name, id, photo = null, online = false, kind = "direct", size }: Props) {
  const broken = useSignal<string | null>(null);
  const shown = photo !== null && SHOWN.test(photo) && broken.value !== photo;
  return (
    <span class={`avatar ${size ?? ""} ${kind === "direct" ? "" : "many"}`} aria-hidden="true">
      <span class="face" style={shown ? {} : { backgroundColor: colourOf(id as UserId) }}>
        {shown ? (
          <img src={photo} alt="" loading="lazy" referrerpolicy="no-referrer" onError={() => (broken.value = photo)} />
        ) : kind === "room" ? (
          <Icon name="room" />
        ) : (
          initials(name)
        )}
      </span>
      {online && <span class="dot" />}
    </span>
  );
}

export function ChatAvatar({
  chat,
  online,
  size,
}: {
  readonly chat: Chat;
  readonly online?: boolean;
  readonly size?: "small" | "large";
}) {
  const { peer, kind, id } = chat;
  const more = size === undefined ? {} : { size };
  return <Avatar name={chatName(chat)} id={peer?.id ?? id} photo={peer?.photo} kind={kind} online={online} {...more} />;
}
