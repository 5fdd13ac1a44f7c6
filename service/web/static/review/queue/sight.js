// Whether the comment that is open has been on the screen for a moment, so that nobody decides what they have not seen. For the
// queue page.

export class Sight {
  /**
   * @param {number} moment seconds
   * @param {() => void} seen called when it has been there long enough
   */
  constructor(moment, seen) {
    this.moment = moment * 1000;
    this.tell = seen;
    this.what = "";
    this.seen = false;
    this.timer = 0;
    this.onVisible = () => (document.hidden ? this.stop() : this.start());
    document.addEventListener("visibilitychange", this.onVisible);
  }

  /**
   * A comment with these words is on the screen now; "": none. Returns whether it is another one than before.
   *
   * @param {string} id
   * @param {string} text
   */
  look(id, text) {
    const what = id && `${id} ${text}`;
    if (what === this.what) return false;
    this.stop();
    this.what = what;
    this.seen = false;
    this.start();
    return what !== "";
  }

  start() {
    if (!this.what || this.seen || document.hidden) return;
    this.stop();
    this.timer = setTimeout(() => {
      this.seen = true;
      this.tell();
    }, this.moment);
  }

  stop() {
    clearTimeout(this.timer);
  }

  close() {
    this.stop();
    document.removeEventListener("visibilitychange", this.onVisible);
  }
}
