export { describeDevice } from '../engine/device';
