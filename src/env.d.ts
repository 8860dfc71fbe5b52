/** Version and source hash of this build, put in by vite. */
declare const __BUILD__: string;
