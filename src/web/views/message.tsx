/**
 * Knows what one message looks like. Its text is text: nothing in it becomes markup but the addresses of web pages.
 * Must not know any state.
 */

import type { Attachment, Message } from "../api/shapes.ts";
import { TEXT } from "../text.ts";
import { timeOf } from "./names.tsx";

/** An address, without the punctuation that ends its sentence. */
const LINK = /(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]}])/gi;
const IMAGE = /^image\/(png|jpeg|gif|webp|avif|bmp)$/;

const isWeb = (address: string): boolean => /^https?:\/\//i.test(address);

/** The text with its addresses clickable; anything but http and https stays as it is. */
function Linked({ text }: { readonly text: string }) {
  return (
    <>
      {text.split(LINK).map((part, at) =>
        at % 2 === 1 && isWeb(part) ? (
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
  const { name, mime, size, url, width, height } = file;
  if (!isWeb(url)) return <bdi class="file">{name}</bdi>;
  return (
    <a class="file" href={url} target="_blank" rel="noopener noreferrer">
      {IMAGE.test(mime) ? (
        <img src={url} alt={name} width={width} height={height} loading="lazy" />
      ) : (
        <>
          <bdi>{name}</bdi> <small>{TEXT.size(size)}</small>
        </>
      )}
    </a>
  );
}

interface Props {
  readonly message: Message;
  readonly own: boolean;
  /** Whether to say who wrote it. */
  readonly author: boolean;
}

export function MessageView({ message, own, author }: Props) {
  const deleted = message.deleted_at !== null;
  return (
    <li class={own ? "message own" : "message"}>
      {author && <bdi class="author">{message.user.name}</bdi>}
      {message.attachments.map((file) => (
        <File key={file.id} file={file} />
      ))}
      {(deleted || (message.text ?? "") !== "") && (
        <p class={deleted ? "text deleted" : "text"} dir="auto">
          {deleted ? TEXT.deleted : <Linked text={message.text ?? ""} />}
        </p>
      )}
      <footer>
        {message.edited_at !== null && !deleted && <span>{TEXT.edited}</span>}
        <time dateTime={message.created_at}>{timeOf(message.created_at)}</time>
        {own && !deleted && <span>{message.read ? TEXT.read : TEXT.sent}</span>}
      </footer>
    </li>
  );
}
