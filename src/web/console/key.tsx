/**
 * Knows how an app's key is shown, once, with what else its owner has to know.
 * Must not know where it comes from.
 */

import { say } from "../state/notice.ts";
import { TEXT } from "../text.ts";
import { Dialog } from "../views/dialog.tsx";
import { Icon } from "../views/icons.tsx";
import type { KeyedApp } from "./api.ts";

export function Copyable({ label, text }: { readonly label: string; readonly text: string }) {
  const copy = (): void =>
    void navigator.clipboard.writeText(text).then(
      () => say(TEXT.copied),
      () => say(TEXT.notCopied),
    );
  return (
    <div class="copyable">
      <span>{label}</span>
      <code>{text}</code>
      <button type="button" class="round" aria-label={TEXT.copyIt(label)} onClick={copy}>
        <Icon name="copy" />
      </button>
    </div>
  );
}

export function KeyDialog({ app, close }: { readonly app: KeyedApp; readonly close: () => void }) {
  return (
    <Dialog title={app.name} close={close}>
      <p class="words">{TEXT.keyOnce}</p>
      <Copyable label={TEXT.key} text={app.key} />
      <Copyable label={TEXT.appId} text={app.applicationId} />
      <Copyable label={TEXT.serverUrl} text={location.origin} />
      <div class="buttons">
        <button type="button" class="primary" onClick={close}>
          {TEXT.close}
        </button>
      </div>
    </Dialog>
  );
}
