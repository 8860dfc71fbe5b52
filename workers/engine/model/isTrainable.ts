/** Whether a parameter is trained. Frozen parameters have no gradient and no moments. */
export type IsTrainable = (name: string) => boolean;
