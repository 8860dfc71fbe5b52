/** Where a model was fetched from. */
export interface HubOrigin {
  /** The host as people write it, such as `huggingface.co`. */
  host: string;
  id: string;
  /** The commit that the requested revision resolved to. */
  commit: string;
}
