// Hears what happens elsewhere, as server-sent events. For the queue page.

const WAIT = [1_000, 2_000, 5_000, 15_000, 30_000]; // milliseconds before trying again

/** Listen; `hear` gets (name, data), `state` gets true or false as the stream comes and goes. Returns a function that stops. */
export function listen({ hear, state }) {
  let source = null;
  let failures = 0;
  let timer = 0;
  let stopped = false;
  const open = () => {
    source = new EventSource("/review/api/events");
    for (const name of ["hello", "comment", "claim", "bulk", "bye"]) {
      source.addEventListener(name, (event) => {
        if (name === "hello") {
          state(true, failures > 0);
          failures = 0;
        }
        hear(name, JSON.parse(event.data));
      });
    }
    source.onerror = () => {
      source.close();
      state(false);
      if (stopped) return;
      timer = setTimeout(open, WAIT[Math.min(failures, WAIT.length - 1)]);
      failures += 1;
    };
  };
  const close = () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  };
  open();
  addEventListener("pagehide", close, { once: true });
  return close;
}
