/**
 * Knows the page of one app: what identifies it, its switches, how much is in it and who, and how it gets another key or goes.
 * Must not know how apps are listed.
 */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { attempt, explain, say } from "../state/notice.ts";
import { TEXT } from "../text.ts";
import { Avatar } from "../views/avatar.tsx";
import { Confirm, Dialog } from "../views/dialog.tsx";
import { Icon } from "../views/icons.tsx";
import type { App, AppUser, KeyedApp } from "./api.ts";
import { changeApp, deleteApp, listApps, onlineIn, roomsOf, rotateKey, statsOf, usersOf } from "./api.ts";
import { Copyable, KeyDialog } from "./key.tsx";
import { useLoaded } from "./loaded.ts";

type Asked = "key" | "delete";

export function AppPage({ id }: { readonly id: number }) {
  const { value: apps, error, again } = useLoaded(listApps, [id]);
  const stats = useLoaded(() => statsOf(id), [id]);
  const asked = useSignal<Asked | null>(null);
  const keyed = useSignal<KeyedApp | null>(null);
  const app = apps?.find((one) => one.id === id);
  const close = (): void => void (asked.value = null);
  return (
    <>
      <p>
        <a class="plain" href="#/">
          <Icon name="back" /> {TEXT.backToApps}
        </a>
      </p>
      <p class="error" role="alert">
        {error}
      </p>
      {app === undefined ? (
        <p class="hint">{apps === undefined && error === "" ? TEXT.loading : TEXT.noSuchApp}</p>
      ) : (
        <>
          <div class="heading">
            <h2>
              <bdi>{app.name}</bdi>
            </h2>
            <button type="button" class="plain" onClick={() => void Promise.all([again(), stats.again()])}>
              {TEXT.refresh}
            </button>
          </div>
          <section>
            <Copyable label={TEXT.appId} text={app.applicationId} />
            <Copyable label={TEXT.serverUrl} text={location.origin} />
            <div class="copyable">
              <span>{TEXT.key}</span>
              <span>{app.hasKey ? TEXT.hasKey : TEXT.hasNoKey}</span>
              <button type="button" class="plain" onClick={() => (asked.value = "key")}>
                {TEXT.newKey}
              </button>
            </div>
          </section>
          <Switches app={app} changed={again} />
          <section aria-label={TEXT.counts} class="counts">
            {stats.value !== undefined && (
              <>
                <span>{TEXT.allUsers(stats.value.users)}</span>
                <span>{TEXT.allChats(stats.value.chats)}</span>
                <span>{TEXT.allOnline(stats.value.online)}</span>
              </>
            )}
          </section>
          <People id={id} />
          <Rooms id={id} />
          <section>
            <button type="button" class="plain danger" onClick={() => (asked.value = "delete")}>
              <Icon name="trash" /> {TEXT.deleteApp}
            </button>
          </section>
          {asked.value === "key" && (
            <Confirm
              title={TEXT.newKey}
              text={TEXT.reallyNewKey}
              action={TEXT.newKey}
              act={async () => {
                keyed.value = await rotateKey(id);
                await again();
              }}
              close={close}
            />
          )}
          {asked.value === "delete" && <Delete app={app} close={close} />}
        </>
      )}
      {keyed.value !== null && <KeyDialog app={keyed.value} close={() => (keyed.value = null)} />}
    </>
  );
}

function Switches({ app, changed }: { readonly app: App; readonly changed: () => Promise<unknown> }) {
  // What was turned stays so while it is being saved, whatever is drawn meanwhile.
  const saving = useSignal<readonly Partial<App>[]>([]);
  const shown: App = Object.assign({}, app, ...saving.value);
  const turn = async (patch: Partial<App>): Promise<void> => {
    saving.value = [...saving.value, patch];
    if (await attempt(() => changeApp(app.id, patch))) say(TEXT.saved);
    await changed();
    saving.value = saving.value.filter((one) => one !== patch);
  };
  return (
    <section>
      <h3>{TEXT.settings}</h3>
      {(
        [
          ["open", TEXT.isOpen],
          ["readBeforeSend", TEXT.isStrict],
        ] as const
      ).map(([name, words]) => (
        <label key={name} class="switch">
          <input
            type="checkbox"
            checked={shown[name]}
            onChange={({ currentTarget }) => void turn({ [name]: currentTarget.checked })}
          />
          {words}
        </label>
      ))}
      <Retention app={app} turn={turn} />
    </section>
  );
}

function Retention({ app, turn }: { readonly app: App; readonly turn: (patch: Partial<App>) => Promise<void> }) {
  const asked = useSignal<number | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const wanted = (): void => {
    const { value, validity } = field.current ?? { value: "", validity: undefined };
    if (validity?.valid !== true) return void field.current?.reportValidity();
    const days = value === "" ? null : Number(value);
    if (days === app.retentionDays) return;
    // To keep more needs no second question.
    if (days === null || (app.retentionDays !== null && days > app.retentionDays)) void turn({ retentionDays: days });
    else asked.value = days;
  };
  return (
    <>
      <form
        class="retention"
        onSubmit={(event) => {
          event.preventDefault();
          wanted();
        }}
      >
        <label>
          {TEXT.keepDays}
          <input ref={field} type="number" min={1} max={3650} step={1} defaultValue={String(app.retentionDays ?? "")} />
        </label>
        <button type="submit" class="plain">
          {TEXT.save}
        </button>
      </form>
      {asked.value !== null && (
        <Confirm
          title={TEXT.deleteOld}
          text={TEXT.reallyKeepDays(asked.value)}
          action={TEXT.deleteOld}
          act={() => turn({ retentionDays: asked.value })}
          close={() => (asked.value = null)}
        />
      )}
    </>
  );
}

const PAGE = 50;

const nameOf = ({ firstName, lastName, appUserId, id }: AppUser): string =>
  [firstName, lastName].filter((part) => part !== null && part !== "").join(" ") || String(appUserId ?? id);

function People({ id }: { readonly id: number }) {
  const limit = useSignal(PAGE);
  const online = useLoaded(() => onlineIn(id), [id]);
  const { value, error } = useLoaded(() => usersOf(id, limit.value), [id, limit.value]);
  const there = new Set(online.value?.map((user) => user.id));
  return (
    <section>
      <h3>{TEXT.users}</h3>
      {error !== "" && <p class="error">{error}</p>}
      {value?.length === 0 && <p class="note">{TEXT.noUsers}</p>}
      <ul class="members">
        {value?.map((user) => (
          <li key={user.id} class="item">
            <Avatar name={nameOf(user)} id={user.id} online={there.has(user.id)} size="small" />
            <span class="row">
              <span class="name">
                <bdi>{nameOf(user)}</bdi>
              </span>
              <small>
                #{user.id}
                {there.has(user.id) && ` · ${TEXT.online}`}
              </small>
            </span>
          </li>
        ))}
      </ul>
      {(value?.length ?? 0) >= limit.value && (
        <button type="button" class="plain" onClick={() => (limit.value += PAGE)}>
          {TEXT.more}
        </button>
      )}
    </section>
  );
}

function Rooms({ id }: { readonly id: number }) {
  const { value, error } = useLoaded(() => roomsOf(id), [id]);
  return (
    <section>
      <h3>{TEXT.rooms}</h3>
      {error !== "" && <p class="error">{error}</p>}
      {value?.length === 0 && <p class="note">{TEXT.noRooms}</p>}
      <ul class="members">
        {value?.map((room) => (
          <li key={room.id} class="item">
            <Avatar name={room.name ?? room.room ?? "?"} id={room.id} kind="room" size="small" />
            <span class="name">
              <bdi>{room.name ?? room.room}</bdi>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What can't be undone wants more than a click: the app's name. */
function Delete({ app, close }: { readonly app: App; readonly close: () => void }) {
  const name = useSignal("");
  const error = useSignal("");
  async function go(): Promise<void> {
    try {
      await deleteApp(app.id);
      location.hash = "#/";
    } catch (thrown) {
      error.value = explain(thrown);
    }
  }
  return (
    <Dialog title={TEXT.deleteApp} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.value.trim() === app.name) void go();
        }}
      >
        <p class="words">{TEXT.reallyDeleteApp(app.name)}</p>
        <div class="field">
          <label for="again">{TEXT.nameAgain}</label>
          <input id="again" autocomplete="off" onInput={(event) => (name.value = event.currentTarget.value)} />
        </div>
        <p class="error" role="alert">
          {error.value}
        </p>
        <div class="buttons">
          <button type="button" class="plain" onClick={close}>
            {TEXT.cancel}
          </button>
          <button type="submit" class="primary danger" disabled={name.value.trim() !== app.name}>
            {TEXT.deleteApp}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
