const channelName = 'recallsmith-runs';

/** Messages between tabs: a run has changed, which tab is executing this run, and that tab's answer. */
type Message = { changed: string } | { who: string } | { here: string };

/** Messages about runs to and from the other tabs. */
export class RunTabs {
  #channel = new BroadcastChannel(channelName);
  /** Runs that another tab has said it is executing. */
  #answered = new Set<string>();

  /** `changed` is called when another tab has changed a run; `isHere` returns whether this tab is executing it. */
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

  /** Asks which tab is executing the run; see `saysHere`. */
  askWho(runId: string): void {
    this.#answered.delete(runId);
    this.#send({ who: runId });
  }

  /** Whether another tab has answered that it is executing the run. */
  saysHere(runId: string): boolean {
    return this.#answered.has(runId);
  }

  #send(message: Message): void {
    this.#channel.postMessage(message);
  }
}
