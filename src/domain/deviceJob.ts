/** The jobs that use the GPU worker's device. There is one device per page, so only one job runs at a time. */
export type DeviceJob = 'run' | 'benchmark' | 'export' | 'search';
