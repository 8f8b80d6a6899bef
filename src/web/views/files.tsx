/**
 * Knows how files look in a message: pictures, sound and film in place, all else by name, size and type, to be saved.
 * Must not know any state.
 */

import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Attachment } from "../api/shapes.ts";
import { kindOf } from "../model/kinds.ts";
import { plain } from "../model/rich-text.ts";
import { TEXT } from "../text.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";

/** Links are for our own origin, whatever name it was known by when the message was written. */
function here(url: string): string {
  try {
    const { pathname, search } = new URL(url, location.href);
    return pathname + search;
  } catch {
    return "#";
  }
}

/** What of a file's name tells its type. */
const ending = (name: string): string => /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toUpperCase() ?? "";

interface Props {
  readonly file: Attachment;
  readonly tab: 0 | -1;
}

export function FileView({ file, tab }: Props) {
  const name = plain(file.name);
  const url = here(file.url);
  switch (kindOf(file.mime)) {
    case "image":
      return <Picture file={file} name={name} url={url} tab={tab} />;
    case "audio":
      return (
        <figure class="sound">
          <figcaption>
            <bdi>{name}</bdi>
          </figcaption>
          <audio controls preload="none" src={url} aria-label={name} tabIndex={tab} />
        </figure>
      );
    case "video":
      return <video controls preload="metadata" src={url} aria-label={name} tabIndex={tab} />;
    case "file":
      return (
        <a class="file" href={url} download={name} rel="noopener noreferrer" tabIndex={tab}>
          <FileLine name={name} size={file.size} type={file.mime} />
        </a>
      );
  }
}

function FileLine({ name, size, type }: { readonly name: string; readonly size: number; readonly type: string }) {
  return (
    <>
      <span class="type" aria-hidden="true">
        <Icon name="file" />
      </span>
      <span class="row">
        <span class="name">
          <bdi>{name}</bdi>
        </span>
        <small>{[TEXT.size(size), ending(name) || type].filter((part) => part !== "").join(" · ")}</small>
      </span>
    </>
  );
}

const MOST_WIDE = 320;
const MOST_HIGH = 320;

/** The size at which a picture is shown; its place is kept until it comes, so that nothing jumps. */
function fit(width = MOST_WIDE, height = MOST_HIGH * 0.75): { width: number; height: number } {
  const scale = Math.min(1, MOST_WIDE / width, MOST_HIGH / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

function Picture({ file, name, url, tab }: Props & { readonly name: string; readonly url: string }) {
  const large = useSignal(false);
  const broken = useSignal(false);
  const { width, height } = fit(file.width, file.height);
  if (broken.value)
    return (
      <a class="file" href={url} download={name} rel="noopener noreferrer" tabIndex={tab}>
        <FileLine name={name} size={file.size} type={file.mime} />
      </a>
    );
  return (
    <>
      <button
        type="button"
        class="picture"
        tabIndex={tab}
        aria-label={TEXT.enlarge(name)}
        onClick={() => (large.value = true)}
      >
        <img src={url} alt={name} width={width} height={height} loading="lazy" onError={() => (broken.value = true)} />
      </button>
      {large.value && (
        <Dialog title={name} kind="wide" close={() => (large.value = false)}>
          <img class="large" src={url} alt={name} />
          <a class="plain button" href={url} download={name} rel="noopener noreferrer">
            <Icon name="save" /> {TEXT.save} <small>{TEXT.size(file.size)}</small>
          </a>
        </Dialog>
      )}
    </>
  );
}

/** An address within the page for a file that is not up yet. */
function useAddress(blob: Blob): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(blob);
    setAddress(url);
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  return address;
}

/** A file that is not up yet. */
export function LocalFile({ blob, name }: { readonly blob: Blob; readonly name: string }) {
  const address = useAddress(blob);
  if (kindOf(blob.type) === "image" && address !== undefined)
    return <img class="preview" src={address} alt={plain(name)} />;
  return <FileLine name={plain(name)} size={blob.size} type={blob.type} />;
}
