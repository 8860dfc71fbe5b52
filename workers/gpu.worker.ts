import { expose } from 'comlink';
import { installErrorTransfer } from '../src/protocol/errorTransfer';
import { gpuWorkerApi } from './services/gpuWorkerApi';

installErrorTransfer();
expose(gpuWorkerApi);
