/**
 * Knows what one message looks like: who says it, what it answers, its text and files, when it was, and how far it has got.
 * Must not know how messages lie under each other.
 */

import { useSignal } from "@preact/signals";
import type { Chat, Message } from "../api/shapes.ts";
import { isLocation, mapAddress, placeOf, stickerOf } from "../model/kinds.ts";
import { plain } from "../model/rich-text.ts";
import { fullTime, timeOf } from "../model/times.ts";
import type { History } from "../state/history.ts";
import { wasThereSince } from "../state/people.ts";
import { readersOf, rosters } from "../state/rosters.ts";
import { TEXT } from "../text.ts";
import { Avatar } from "./avatar.tsx";
import { FileView } from "./files.tsx";
import { Icon } from "./icons.tsx";
import type { Actions } from "./message-actions.tsx";
import { Quote } from "./quote.tsx";
import { emojiClass, Rich } from "./rich.tsx";

interface Props {
  readonly message: Message;
  readonly chat: Chat;
  readonly self: number;
  readonly history: History;
  /** Whether it is the first, and the last, of those that one person says in one go. */
  readonly first: boolean;
  readonly last: boolean;
  /** Whether Tab stops here. */
  readonly stop: boolean;
  readonly flash: boolean;
  readonly actions: Actions;
}

export function MessageView({ message, chat, self, history, first, last, stop, flash, actions }: Props) {
  const own = message.user.id === self;
  const many = chat.kind !== "direct";
  const isGone = message.deleted_at !== null;
  const tab = stop ? 0 : -1;
  const emoji = isGone || message.attachments.length > 0 ? "" : emojiClass(message.text ?? "");
  const classes = [
    "message",
    own && "own",
    first && "begins",
    last && "ends",
    flash && "flash",
    many && "many",
    emoji !== "" && "bare",
  ];
  const below = (element: Element): void => {
    const { left, bottom } = element.getBoundingClientRect();
    actions.open(message, { x: left, y: bottom + 4 });
  };
  return (
    <li
      class={classes.filter((name) => name !== false).join(" ")}
      data-seq={message.seq}
      tabIndex={tab}
      onContextMenu={(event) => {
        // Where one marks a text or a link, the browser's own menu is wanted.
        if (
          isGone ||
          (event.target as Element).closest("a, img, audio, video") !== null ||
          !getSelection()?.isCollapsed
        )
          return;
        event.preventDefault();
        actions.open(message, { x: event.clientX, y: event.clientY });
      }}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        below(event.currentTarget.querySelector(".bubble") ?? event.currentTarget);
      }}
    >
      {many && !own && (
        <span class="speaker">
          {last && <Avatar name={message.user.name} id={message.user.id} photo={message.user.photo} size="small" />}
        </span>
      )}
      <div class="bubble">
        {first && many && !own ? (
          <span class={`author hue${message.user.id % 8}`}>
            <bdi>{message.user.name}</bdi>
          </span>
        ) : (
          <span class="unseen">{own ? TEXT.you : message.user.name}: </span>
        )}
        {message.reply_to !== null && !isGone && (
          <Quote id={message.reply_to} chatId={chat.id} history={history} tab={tab} jump={actions.jump} />
        )}
        {!isGone && <Extras message={message} tab={tab} />}
        <div class="flow">
          {isGone ? <p class="text gone">{TEXT.deleted}</p> : <Words message={message} emoji={emoji} tab={tab} />}
          <footer>
            {message.edited_at !== null && !isGone && <span>{TEXT.edited}</span>}
            <time dateTime={message.created_at} title={fullTime(message.created_at)}>
              {timeOf(message.created_at)}
            </time>
            {own && !isGone && <Ticks message={message} chat={chat} />}
          </footer>
        </div>
      </div>
      {!isGone && (
        <div class="tools">
          <button
            type="button"
            class="round"
            tabIndex={tab}
            aria-label={TEXT.reply}
            onClick={() => actions.reply(message)}
          >
            <Icon name="reply" />
          </button>
          <button
            type="button"
            class="round"
            tabIndex={tab}
            aria-label={TEXT.actions}
            aria-haspopup="menu"
            onClick={({ currentTarget }) => below(currentTarget)}
          >
            <Icon name="more" />
          </button>
        </div>
      )}
    </li>
  );
}

interface PartProps {
  readonly message: Message;
  readonly tab: 0 | -1;
}

/** What a message brings besides words. */
function Extras({ message, tab }: PartProps) {
  const sticker = stickerOf(message);
  const text = message.text ?? "";
  const isKnown = ["text", "image", "audio", "file", "location", "sticker"].includes(message.type);
  return (
    <>
      {message.attachments.map((file) => (
        <FileView key={file.id} file={file} tab={tab} />
      ))}
      {sticker !== null && <Sticker address={sticker} text={text} />}
      {isLocation(message) && <Location message={message} tab={tab} />}
      {!isKnown && <Unknown message={message} />}
    </>
  );
}

function Words({ message, emoji, tab }: PartProps & { readonly emoji: string }) {
  const text = message.text ?? "";
  if (text === "" || isLocation(message) || stickerOf(message) !== null) return null;
  return <Text text={text} emoji={emoji} tab={tab} />;
}

/** Longer texts show their beginning. */
const LONG = 1_800;
const MANY_LINES = 30;

function Text({ text, emoji, tab }: { readonly text: string; readonly emoji: string; readonly tab: 0 | -1 }) {
  const whole = useSignal(false);
  const isLong = text.length > LONG || text.split("\n", MANY_LINES + 1).length > MANY_LINES;
  return (
    <>
      <div class={`text ${emoji} ${isLong && !whole.value ? "cut" : ""}`} dir="auto">
        <Rich text={text} tab={tab} />
      </div>
      {isLong && (
        <button
          type="button"
          class="link"
          tabIndex={tab}
          aria-expanded={whole.value}
          onClick={() => (whole.value = !whole.value)}
        >
          {whole.value ? TEXT.showLess : TEXT.showAll}
        </button>
      )}
    </>
  );
}

function Sticker({ address, text }: { readonly address: string; readonly text: string }) {
  const broken = useSignal(false);
  if (address === "" || broken.value)
    return (
      <p class="kind">
        <span>{TEXT.kinds["sticker"]}</span> <bdi>{plain(text).slice(0, 200)}</bdi>
      </p>
    );
  return (
    <img
      class="sticker"
      src={address}
      alt={TEXT.kinds["sticker"] ?? ""}
      width={160}
      height={160}
      loading="lazy"
      referrerpolicy="no-referrer"
      onError={() => (broken.value = true)}
    />
  );
}

function Location({ message, tab }: { readonly message: Message; readonly tab: 0 | -1 }) {
  const place = placeOf(message);
  const words =
    place === null
      ? plain(message.text ?? "").slice(0, 300)
      : `${place.latitude.toFixed(5)}, ${place.longitude.toFixed(5)}`;
  const line = (
    <>
      <span class="type" aria-hidden="true">
        <Icon name="place" />
      </span>
      <span class="row">
        <span class="name">{TEXT.kinds["location"]}</span>
        <small>
          <bdi>{words}</bdi>
        </small>
      </span>
    </>
  );
  if (place === null) return <div class="file">{line}</div>;
  return (
    <a class="file" href={mapAddress(place)} target="_blank" rel="noopener noreferrer" tabIndex={tab}>
      {line}
    </a>
  );
}

/** A kind that this page does not know has a name, and what it says can be looked at. */
function Unknown({ message }: { readonly message: Message }) {
  const data = message.data === null ? "" : JSON.stringify(message.data, null, 2);
  return (
    <>
      <p class="kind">{TEXT.unknownKind(message.type)}</p>
      {data !== "" && (
        <pre dir="ltr" class="data">
          <code>{data.slice(0, 600)}</code>
        </pre>
      )}
    </>
  );
}

/** Of larger groups it is not followed who is connected. */
const FOLLOWED = 100;

function Ticks({ message, chat }: { readonly message: Message; readonly chat: Chat }) {
  const roster = rosters.value.get(chat.id);
  const { seq, user, created_at } = message;
  const readers = readersOf(roster, seq, user.id);
  const others = [...(roster?.keys() ?? [])].filter((id) => id !== user.id);
  const isRead = message.read || readers.length > 0;
  const isThere =
    isRead || (others.length > 0 && others.length <= FOLLOWED && others.every((id) => wasThereSince(id, created_at)));
  let words: string = isThere ? TEXT.delivered : TEXT.sent;
  if (isRead)
    words =
      chat.kind === "direct"
        ? TEXT.read
        : TEXT.readByOf(
            readers.map((one) => one.user.name),
            others.length,
          );
  return (
    <span class={isRead ? "ticks read" : "ticks"} role="img" aria-label={words} title={words}>
      <Icon name={isThere ? "seen" : "sent"} />
      {isRead && chat.kind !== "direct" && readers.length > 0 && <span aria-hidden="true">{readers.length}</span>}
    </span>
  );
}
