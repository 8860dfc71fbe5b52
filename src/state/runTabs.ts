const channelName = 'recallsmith-runs';
/** Time within which a tab answers if it is executing the run. */
const answerMs = 100;
/** Maximum time that the worker of a closed page may take to end. */
const endingMs = 10_000;

/** Messages between tabs: a run has changed, which tab is executing this run, and that tab's answer. */
type Message = { changed: string } | { who: string } | { here: string };

/** Messages about runs to and from the other tabs. */
export class RunTabs {
  #channel = new BroadcastChannel(channelName);
  /** Runs that another tab has said it is executing. */
  #answered = new Set<string>();

  /** `changed` is called when another tab has changed a run. `isHere` returns whether this tab is executing a run. */
  constructor(changed: (runId: string) => void, isHere: (runId: string) => boolean) {
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => {
      if ('changed' in data) changed(data.changed);
      else if ('here' in data) this.#answered.add(data.here);
      else if (isHere(data.who)) this.#send({ here: data.who });
    };
  }

  tellChanged(runId: string): void {
    this.#send({ changed: runId });
  }

  /**
   * Whether another tab is executing the run. A held lock does not prove it: after a reload, the worker of the previous
   * page holds the lock until it ends. So this asks the other tabs and, if none answers, waits for the lock. `waiting`
   * is called before each wait.
   */
  async haveRun(runId: string, isHeld: () => Promise<boolean>, waiting: () => void): Promise<boolean> {
    this.#answered.delete(runId);
    this.#send({ who: runId });
    for (const end = Date.now() + endingMs; await isHeld();) {
      if (this.#answered.has(runId) || Date.now() > end) return true;
      waiting();
      await new Promise((resolve) => setTimeout(resolve, answerMs));
    }
    return false;
  }

  #send(message: Message): void {
    this.#channel.postMessage(message);
  }
}
