// One stream of server-sent events, which comes back by itself. For `events`, and for the worker that shares one among tabs.

const WAIT = [1_000, 2_000, 5_000, 15_000, 30_000]; // milliseconds before trying again
const NAMES = /** @type {const} */ (["hello", "comment", "claim", "bulk", "bye"]);

/** @typedef {typeof NAMES[number]} Name */

/** `hear` gets an event's name and data (JSON), `told` true or false as the stream comes and goes. */
export class Stream {
  /** @param {{ hear: (name: Name, data: string) => void, told: (on: boolean) => void }} callbacks */
  constructor({ hear, told }) {
    this.hear = hear;
    this.told = told;
    /** @type {EventSource | null} */
    this.source = null;
    this.on = false;
    this.wanted = false;
    this.failures = 0;
    this.timer = 0;
  }

  /** @param {boolean} wanted */
  want(wanted) {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.failures = 0;
    if (wanted) this.open();
    else this.close();
  }

  open() {
    this.close();
    const source = (this.source = new EventSource("/review/api/events"));
    for (const name of NAMES) {
      source.addEventListener(name, ({ data }) => {
        if (name === "hello") {
          this.on = true;
          this.failures = 0;
          this.told(true);
        }
        this.hear(name, data);
      });
    }
    source.onerror = () => {
      this.close();
      this.told(false);
      this.timer = setTimeout(() => this.open(), WAIT[Math.min(this.failures, WAIT.length - 1)]);
      this.failures += 1;
    };
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.on = false;
  }
}
