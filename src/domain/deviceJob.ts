/** What a page's GPU worker can be busy with. It has one device, so it does one of them at a time. */
export type DeviceJob = 'run' | 'benchmark' | 'export';
