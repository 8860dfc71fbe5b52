import { answerProjection } from './services/evaluate/projectInWorker';

answerProjection();
