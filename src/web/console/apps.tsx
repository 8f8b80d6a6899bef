/**
 * Knows the list of an operator's apps, and how one is made.
 * Must not know what is in an app.
 */

import { useSignal } from "@preact/signals";
import { explain } from "../state/notice.ts";
import { TEXT } from "../text.ts";
import { Dialog } from "../views/dialog.tsx";
import { Icon } from "../views/icons.tsx";
import type { App, KeyedApp } from "./api.ts";
import { createApp, listApps, statsOf } from "./api.ts";
import { KeyDialog } from "./key.tsx";
import { useLoaded } from "./loaded.ts";

export function Apps() {
  const { value, error, again } = useLoaded(listApps, []);
  const making = useSignal(false);
  const made = useSignal<KeyedApp | null>(null);
  return (
    <>
      <div class="heading">
        <h2>{TEXT.apps}</h2>
        <button type="button" class="primary" onClick={() => (making.value = true)}>
          {TEXT.newApp}
        </button>
      </div>
      <p class="error" role="alert">
        {error}
      </p>
      {value === undefined && error === "" && <p class="hint">{TEXT.loading}</p>}
      {value?.length === 0 && <p class="hint">{TEXT.noApps}</p>}
      <ul class="cards">
        {value?.map((app) => (
          <Card key={app.id} app={app} />
        ))}
      </ul>
      {making.value && (
        <NewApp
          close={() => (making.value = false)}
          done={(app) => {
            making.value = false;
            made.value = app;
            void again();
          }}
        />
      )}
      {made.value !== null && <KeyDialog app={made.value} close={() => (made.value = null)} />}
    </>
  );
}

function Card({ app }: { readonly app: App }) {
  const { value } = useLoaded(() => statsOf(app.id), [app.id]);
  return (
    <li>
      <a href={`#/apps/${app.id}`}>
        <span class="name">
          <bdi>{app.name}</bdi>
        </span>
        <small>
          <code>{app.applicationId}</code>
        </small>
        <small>
          {value === undefined
            ? TEXT.loading
            : [TEXT.allUsers(value.users), TEXT.allChats(value.chats), TEXT.allOnline(value.online)].join(" · ")}
        </small>
      </a>
    </li>
  );
}

const FIELDS = ["name", "verifyUrl", "jwksUrl"] as const;
const LABELS = { name: TEXT.appName, verifyUrl: TEXT.verifyUrl, jwksUrl: TEXT.jwksUrl };

function NewApp({ close, done }: { readonly close: () => void; readonly done: (app: KeyedApp) => void }) {
  const error = useSignal("");
  const busy = useSignal(false);

  async function submit(form: FormData): Promise<void> {
    busy.value = true;
    error.value = "";
    try {
      const given = [...form].filter(([, text]) => typeof text === "string" && text.trim() !== "");
      done(await createApp(Object.fromEntries(given)));
    } catch (thrown) {
      error.value = explain(thrown);
    } finally {
      busy.value = false;
    }
  }

  return (
    <Dialog title={TEXT.newApp} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        {FIELDS.map((field) => (
          <div key={field} class="field">
            <label for={field}>{LABELS[field]}</label>
            <input
              id={field}
              name={field}
              required={field === "name"}
              type={field === "name" ? "text" : "url"}
              autocomplete="off"
            />
          </div>
        ))}
        <p class="error" role="alert">
          {error.value}
        </p>
        <div class="buttons">
          <button type="button" class="plain" onClick={close}>
            {TEXT.cancel}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            <Icon name="add" /> {TEXT.createApp}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
