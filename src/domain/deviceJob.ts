/** The jobs that need a page's GPU worker. It has one device, so it runs one job at a time. */
export type DeviceJob = 'run' | 'benchmark' | 'export';
