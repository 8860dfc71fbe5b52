import { expose } from 'comlink';
import { installErrorTransfer } from '../src/protocol/errorTransfer';
import { dataWorkerApi } from './services/dataWorkerApi';

installErrorTransfer();
expose(dataWorkerApi);
