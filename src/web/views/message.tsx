/** One message. Its text is text: nothing in it becomes markup but addresses of web pages. Knows no state. */

import type { Attachment, Message } from "../api/shapes.ts";
import { TEXT } from "../text.ts";
import { timeOf } from "./names.tsx";

const LINK = /(https?:\/\/[^\s<>"']+)/gi;

/** The text with its addresses clickable; anything but http and https stays as it is. */
function Linked({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(LINK).map((part, at) =>
        at % 2 === 1 ? (
          <a key={at} href={part} target="_blank" rel="noopener noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}

function File({ file }: { readonly file: Attachment }) {
  const image = /^image\/(png|jpeg|gif|webp|avif|bmp)$/.test(file.mime);
  return (
    <a class="file" href={file.url} target="_blank" rel="noopener noreferrer">
      {image ? <img src={file.url} alt={file.name} loading="lazy" /> : <bdi>{file.name}</bdi>}
    </a>
  );
}

export function MessageView({
  message,
  own,
  group,
}: {
  readonly message: Message;
  readonly own: boolean;
  readonly group: boolean;
}) {
  return (
    <li class={own ? "message own" : "message"}>
      {group && !own && <bdi class="author">{message.user.name}</bdi>}
      {message.attachments.map((file) => (
        <File key={file.id} file={file} />
      ))}
      <p class="text" dir="auto">
        {message.deleted_at === null ? <Linked text={message.text ?? ""} /> : <em>{TEXT.deleted}</em>}
      </p>
      <footer>
        {message.edited_at !== null && message.deleted_at === null && <span>{TEXT.edited}</span>}
        <time dateTime={message.created_at}>{timeOf(message.created_at)}</time>
        {own && <span class={message.read ? "tick read" : "tick"}>{message.read ? TEXT.read : TEXT.sent}</span>}
      </footer>
    </li>
  );
}
