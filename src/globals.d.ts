/** Version and source hash of this build, filled in by vite. */
declare const __BUILD__: string;
