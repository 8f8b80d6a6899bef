/**
 * Knows one's own corner: name and photo, notifications, logging out here or everywhere.
 * Must not know any chat.
 */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Person } from "../api/shapes.ts";
import { leave } from "../state/actions.ts";
import { canNotify, isBlocked, notifying, turnNotifications } from "../state/notifications.ts";
import { attempt, explain } from "../state/notice.ts";
import { outbox } from "../state/outbox.ts";
import { changeProfile } from "../state/session.ts";
import { TEXT } from "../text.ts";
import { Avatar } from "./avatar.tsx";
import { Confirm, Dialog } from "./dialog.tsx";
import { Icon } from "./icons.tsx";
import { Menu } from "./menu.tsx";
import { photoOf } from "./photo.ts";

export function Me({ user }: { readonly user: Person }) {
  const at = useSignal<{ x: number; y: number } | null>(null);
  const asked = useSignal<"profile" | "here" | "everywhere" | null>(null);
  const waiting = outbox.value.length;
  const close = (): void => void (asked.value = null);
  const out = (everywhere: boolean): void => {
    if (everywhere) asked.value = "everywhere";
    else if (waiting > 0) asked.value = "here";
    else void leave(false);
  };
  return (
    <>
      <button
        type="button"
        class="me"
        aria-haspopup="menu"
        aria-expanded={at.value !== null}
        aria-label={TEXT.account(user.name)}
        onClick={(event) => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          at.value = { x: left, y: bottom + 4 };
        }}
      >
        <Avatar name={user.name} id={user.id} photo={user.photo} />
      </button>
      {at.value !== null && (
        <Menu
          label={TEXT.account(user.name)}
          at={at.value}
          close={() => (at.value = null)}
          items={[
            { text: TEXT.profile, icon: "person", act: () => (asked.value = "profile") },
            ...(canNotify
              ? [
                  {
                    text: notifying.value ? TEXT.notifyOff : TEXT.notifyOn,
                    icon: "bell" as const,
                    act: () => void attempt(() => turnNotifications(!notifying.value)),
                  },
                ]
              : []),
            { text: TEXT.logout, icon: "leave", act: () => out(false) },
            { text: TEXT.logoutEverywhere, icon: "leave", act: () => out(true), danger: true },
          ]}
        />
      )}
      {asked.value === "profile" && <Profile user={user} close={close} />}
      {(asked.value === "here" || asked.value === "everywhere") && (
        <Confirm
          title={asked.value === "here" ? TEXT.logout : TEXT.logoutEverywhere}
          text={[asked.value === "everywhere" && TEXT.everywhere, waiting > 0 && TEXT.unsent(waiting)]
            .filter((part) => part !== false)
            .join(" ")}
          action={TEXT.logout}
          act={() => leave(asked.value === "everywhere")}
          close={close}
        />
      )}
      {isBlocked() && notifying.value && <p class="unseen">{TEXT.notifyBlocked}</p>}
    </>
  );
}

function Profile({ user, close }: { readonly user: Person; readonly close: () => void }) {
  const name = useSignal(user.name);
  const photo = useSignal(user.photo);
  const error = useSignal("");
  const busy = useSignal(false);
  const picker = useRef<HTMLInputElement>(null);

  async function save(): Promise<void> {
    busy.value = true;
    error.value = "";
    try {
      const wanted = name.value.trim();
      await changeProfile({
        ...(wanted === "" || wanted === user.name ? {} : { name: wanted }),
        ...(photo.value === user.photo ? {} : { photo: photo.value }),
      });
      close();
    } catch (thrown) {
      error.value = explain(thrown);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialog title={TEXT.profile} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div class="face-picker">
          <Avatar name={name.value || user.name} id={user.id} photo={photo.value} size="large" />
          <div class="row">
            <small>
              <bdi>@{user.username}</bdi>
            </small>
            <button type="button" class="plain" onClick={() => picker.current?.click()}>
              <Icon name="edit" /> {TEXT.choosePhoto}
            </button>
            {photo.value !== null && (
              <button type="button" class="plain" onClick={() => (photo.value = null)}>
                <Icon name="trash" /> {TEXT.removePhoto}
              </button>
            )}
          </div>
          <input
            ref={picker}
            class="unseen"
            type="file"
            accept="image/*"
            tabIndex={-1}
            aria-label={TEXT.choosePhoto}
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file === undefined) return;
              void photoOf(file)
                .then((made) => (photo.value = made))
                .catch(() => (error.value = TEXT.noPicture));
            }}
          />
        </div>
        <div class="field">
          <label for="own-name">{TEXT.ownName}</label>
          <input
            id="own-name"
            value={name.value}
            maxLength={200}
            autocomplete="name"
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </div>
        <p class="error" role="alert">
          {error.value}
        </p>
        <div class="buttons">
          <button type="button" class="plain" onClick={close}>
            {TEXT.cancel}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {TEXT.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
