/** What the use cases work with: the ports of the core, and how uploads are stored. */

import type { AppId, UserId } from "../core/ids.ts";
import type { OperatorDirectory, OperatorTokens, TenantSystems } from "../core/operators.ts";
import type {
  AttachmentRecord,
  Directory,
  Files,
  LoginThrottle,
  Objects,
  Passwords,
  TokenSigner,
} from "../core/ports.ts";

/** A file on its way in. */
export interface Upload {
  readonly body: ReadableStream<Uint8Array>;
  readonly contentType: string | null;
  /** Bytes of the body, where they are known. */
  readonly contentLength: number | null;
  /** The name, where the body itself brings none. */
  readonly name: string | null;
}

/** A file that came inside a frame. */
export interface FileBytes {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly name: string | null;
}

export interface ServicePorts {
  readonly directory: Directory & OperatorDirectory;
  readonly objects: Objects;
  readonly passwords: Passwords;
  readonly tokens: TokenSigner;
  readonly throttle: LoginThrottle;
  readonly operatorTokens: OperatorTokens;
  readonly tenantSystems: TenantSystems;
  /** The operator that the environment names; null: none. */
  readonly firstOperator: { readonly email: string; readonly password: string } | null;
  readonly files: Files & {
    /** Stores the one file of an upload, streaming. @throws too_large, input.invalid */
    store(owner: { appId: AppId; userId: UserId }, upload: Upload): Promise<AttachmentRecord>;
    /** Stores a file that is in memory already. @throws too_large, input.invalid */
    storeBytes(owner: { appId: AppId; userId: UserId }, file: FileBytes): Promise<AttachmentRecord>;
    /** Stores the files of a form that stand in `field`, at most `most`. @throws too_large, input.invalid */
    storeForm(
      owner: { appId: AppId; userId: UserId },
      upload: Upload,
      field: string,
      most: number,
    ): Promise<AttachmentRecord[]>;
    /** Stores the same bytes once more, for a message of their own. @throws not_found where they are gone */
    copy(record: AttachmentRecord): Promise<AttachmentRecord>;
    /** The bytes, as the request's ranges and conditions want them. */
    open(record: AttachmentRecord, request: Request): Promise<Response>;
    /** Whether the query of a link to this attachment is ours and has not expired. */
    linkStands(id: string, query: URLSearchParams): boolean;
  };
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
