/** Version and source hash of this build, inserted by Vite. */
declare const __BUILD__: string;
