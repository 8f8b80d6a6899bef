/** Puts the server's parts together: which adapter stands behind which port. Knows everything's constructor, and nothing else of it. */

import { createFiles } from "./attachments/files.ts";
import { openFile } from "./attachments/download.ts";
import { createLinks } from "./attachments/links.ts";
import { storeBytes, storeCopy, storeForm, storeUpload } from "./attachments/upload.ts";
import { createOperatorTokens } from "./auth/operator-tokens.ts";
import { createOutbound } from "./auth/outbound.ts";
import { passwords } from "./auth/passwords.ts";
import { checkSecret } from "./auth/secret.ts";
import { createTenantSystems } from "./auth/tenants.ts";
import { createLoginThrottle } from "./auth/throttle.ts";
import { createTokenSigner } from "./auth/tokens.ts";
import type { OperatorDirectory } from "./core/operators.ts";
import type { Directory, Files } from "./core/ports.ts";
import { createDirectory } from "./directory/directory.ts";
import type { Env } from "./env.ts";
import { createObjects } from "./objects/objects.ts";
import type { ServicePorts } from "./service/ports.ts";
import type { Service } from "./service/service.ts";
import { createService } from "./service/service.ts";

/** What the objects store in besides themselves. */
export interface Stores {
  readonly directory: Directory & OperatorDirectory;
  readonly files: Files;
}

export function storesOf(env: Env): Stores {
  return {
    directory: createDirectory(env.DB, { defaultAppOpen: env.DEFAULT_APP_OPEN === "1" }),
    files: createFiles(env.FILES),
  };
}

export interface Server {
  readonly service: Service;
  /** The address that opens an attachment without a token, for a while. */
  readonly linkTo: (origin: string, attachment: string) => string;
}

const servers = new WeakMap<Env, Server>();

/** The server of this deployment, made once in an isolate. @throws Error where there is no secret to sign with */
export function serverOf(env: Env): Server {
  const known = servers.get(env);
  if (known !== undefined) return known;
  const server = makeServer(env);
  servers.set(env, server);
  return server;
}

function firstOperatorOf({ OPERATOR_EMAIL: email, OPERATOR_PASSWORD: password }: Env): ServicePorts["firstOperator"] {
  return email && password ? { email, password } : null;
}

function makeServer(env: Env): Server {
  const secret = checkSecret(env.TOKEN_SECRET);
  const links = createLinks(secret);
  const { directory, files } = storesOf(env);
  const now = (): number => Date.now();
  const development = env.DEVELOPMENT === "1";
  const outbound = createOutbound({ development, fetch: (url, init) => fetch(url, init) });
  const service = createService({
    directory,
    objects: createObjects(env),
    passwords,
    tokens: createTokenSigner(secret),
    throttle: createLoginThrottle(env.THROTTLE),
    operatorTokens: createOperatorTokens(secret),
    tenantSystems: createTenantSystems(outbound, development, now),
    firstOperator: firstOperatorOf(env),
    files: {
      ...files,
      store: (owner, upload) => storeUpload(env.FILES, { ...owner, ...upload }),
      storeBytes: (owner, file) => storeBytes(env.FILES, { ...owner, ...file }),
      storeForm: (owner, upload, field, most) => storeForm(env.FILES, { ...owner, ...upload }, field, most),
      copy: (record) => storeCopy(env.FILES, record),
      open: (record, request) => openFile(env.FILES, record, request),
      linkStands: (id, query) => links.verify(id, query, now()),
    },
    now,
  });
  return { service, linkTo: (origin, attachment) => links.linkTo(origin, attachment, now()) };
}
