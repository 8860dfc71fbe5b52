/** Version of the program and of what its numbers are computed with; written in by the build. */
declare const __BUILD__: string;
