// One big file sent in pieces: each piece is hashed, sent and acknowledged; a cut connection costs one piece.
// What has begun is remembered for this browser tab by the file's name, size and date, so that a reload goes on. Two tabs
// may send two files of one name and size: each has a random word of its own, and whatever the server says has arrived is
// compared with this file, piece by piece. What is another file's is left to that one, and this file begins anew.

const REMEMBERED = "transfer ";
const LONGEST_WAIT = 30;

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const digest = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

// `reason` is empty where not the service answered but a page: signed out, or a form that is too old.
export class Refused extends Error {}
export class Stopped extends Error {}
class Lost extends Error {}
class Displaced extends Error {}
class Elsewhere extends Error {}

// The name of a file that was half sent in this tab, if there is one.
export const halfSent = () => {
  const key = Object.keys(sessionStorage).find((one) => one.startsWith(REMEMBERED));
  return key ? JSON.parse(key.slice(REMEMBERED.length))[0] : null;
};

export class Transfer {
  constructor(file, fields, token, beginAddress, told) {
    this.file = file;
    this.fields = fields;
    this.token = token;
    this.beginAddress = beginAddress;
    // What the page is told: progress(bytes), waiting(seconds).
    this.told = told;
    this.key = REMEMBERED + JSON.stringify([file.name, file.size, file.lastModified, ...fields]);
    // The hash of each piece of this file that was looked at, by its number.
    this.digests = [];
    this.isPaused = false;
    this.isGivenUp = false;
  }

  // Send everything; answers with the address of the received file.
  async send() {
    try {
      for (;;) {
        try {
          return await this.#sendAll();
        } catch (error) {
          // The pieces there are another file's, or their time is over: this file has a place of its own from now on.
          if (!(error instanceof Elsewhere)) throw error;
          this.forget();
        }
      }
    } catch (error) {
      // What the service refuses is not asked again by a reload; who was only signed out goes on.
      if (error instanceof Refused && error.message) this.forget();
      throw error;
    }
  }

  async #sendAll() {
    let place = await this.#patiently(() => this.#place());
    let failures = 0;
    while (place.received < this.file.size) {
      await this.#untilWanted();
      try {
        place = await this.#own(await this.#sendPiece(place));
        failures = 0;
      } catch (error) {
        if (this.isGivenUp) throw new Stopped();
        if (this.isPaused) continue;
        if (!(error instanceof Lost || error instanceof Displaced)) throw error;
        if (error instanceof Lost || failures) await this.#wait(Math.min(LONGEST_WAIT, 2 ** failures));
        failures += 1;
        place = await this.#patiently(async () => this.#own(await this.#ask(place.address)));
      }
    }
    const done = await this.#patiently(() => this.#request("POST", place.finish));
    this.forget();
    return done.address;
  }

  pause() {
    this.isPaused = true;
    this.running?.abort();
  }

  goOn() {
    this.isPaused = false;
    this.wake?.();
  }

  // Give up: what has arrived is deleted.
  async giveUp() {
    this.isGivenUp = true;
    this.running?.abort();
    this.wake?.();
    const address = this.cancelAddress;
    this.forget();
    if (address) await this.#request("POST", address).catch(() => {});
  }

  forget() {
    sessionStorage.removeItem(this.key);
  }

  // Where to go on: the remembered transfer if it stands and is of this very file, else a new one.
  async #place() {
    let [word, address] = (sessionStorage.getItem(this.key) ?? "").split(" ");
    if (address) {
      try {
        return this.#known(word, await this.#own(await this.#ask(address)));
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Elsewhere)) throw error;
      }
      this.forget();
      word = "";
    }
    if (!word) {
      word = crypto.randomUUID();
      sessionStorage.setItem(this.key, word);
    }
    const form = new FormData();
    for (const [name, value] of this.fields) form.append(name, value);
    form.append("filename", this.file.name);
    form.append("size", this.file.size);
    form.append("sender", word);
    return this.#known(word, await this.#own(await this.#request("POST", this.beginAddress, form)));
  }

  #known(word, place) {
    this.cancelAddress = place.cancel;
    sessionStorage.setItem(this.key, `${word} ${place.address}`);
    this.told.progress(place.received);
    return place;
  }

  // The place, if all that has arrived there is of this very file: its pieces are hashed here, each once. A file that was
  // changed in place, or another tab's of the same name, does not stand that.
  async #own(place) {
    if (place.is_over) throw new Elsewhere();
    const arrived = Math.ceil(place.received / place.piece);
    const hashes = [];
    for (let number = 0; number < arrived; number += 1) hashes.push(...(await this.#digest(number, place.piece)));
    if (base64(await digest(new Uint8Array(hashes))) !== place.proof) throw new Elsewhere();
    return place;
  }

  async #digest(number, size) {
    const part = this.file.slice(number * size, (number + 1) * size);
    this.digests[number] ??= await digest(await part.arrayBuffer());
    return this.digests[number];
  }

  #ask(address) {
    return this.#request("GET", address);
  }

  async #sendPiece(place) {
    const piece = this.file.slice(place.received, place.received + place.piece);
    const headers = {
      "Content-Type": "application/octet-stream",
      "Upload-Offset": String(place.received),
      "Content-Digest": `sha-256=:${base64(await this.#digest(place.received / place.piece, place.piece))}:`,
    };
    return this.#request("PUT", place.address, piece, headers, (sent) => this.told.progress(place.received + sent));
  }

  async #untilWanted() {
    while (this.isPaused && !this.isGivenUp) await new Promise((wake) => (this.wake = wake));
    if (this.isGivenUp) throw new Stopped();
  }

  // Try again until the server answers.
  async #patiently(attempt) {
    for (let failures = 0; ; failures += 1) {
      await this.#untilWanted();
      try {
        return await attempt();
      } catch (error) {
        if (this.isGivenUp) throw new Stopped();
        if (!(error instanceof Lost)) throw error;
        if (!this.isPaused) await this.#wait(Math.min(LONGEST_WAIT, 2 ** failures));
      }
    }
  }

  // Wait some seconds, or until the browser says the network is back.
  async #wait(seconds) {
    this.told.waiting(seconds);
    await new Promise((wake) => {
      this.wake = wake;
      window.addEventListener("online", wake, { once: true });
      setTimeout(wake, 1000 * seconds);
    });
    this.told.waiting(0);
  }

  #request(method, address, body = null, headers = {}, progress = null) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.running = request;
      request.open(method, address);
      request.setRequestHeader("X-CSRF-Token", this.token);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      if (progress) request.upload.addEventListener("progress", (event) => progress(event.loaded));
      request.addEventListener("error", () => reject(new Lost()));
      request.addEventListener("abort", () => reject(new Lost()));
      request.addEventListener("load", () => {
        let answer = null;
        try {
          answer = request.responseText ? JSON.parse(request.responseText) : {};
        } catch {
          // A page: signed out, or an outage.
        }
        if (request.status < 300 && answer) resolve(answer);
        // Another piece stands there, or more, or it became a file: whose they are is asked.
        else if (request.status === 409 && answer && method === "PUT") reject(new Displaced());
        else if (request.status === 429 || request.status >= 500) reject(new Lost());
        else reject(new Refused(answer?.reason ?? ""));
      });
      request.send(body);
    });
  }
}
