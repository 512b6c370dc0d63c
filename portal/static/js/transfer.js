// One big file sent in pieces: each piece is hashed, sent and acknowledged; a cut connection costs one piece.
// What has begun is remembered for this browser tab by the file's name, size and date, so that a reload goes on.

const REMEMBERED = "transfer ";
const LONGEST_WAIT = 30;

const base64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)));
const digestOf = async (blob) => base64(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));

export class Refused extends Error {}
export class Stopped extends Error {}
class Lost extends Error {}

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
    this.isPaused = false;
    this.isGivenUp = false;
  }

  // Send everything; answers with the address of the received file.
  async send() {
    let place = await this.#patiently(() => this.#place());
    let failures = 0;
    while (place.received < this.file.size) {
      await this.#untilWanted();
      try {
        const sent = await this.#sendPiece(place);
        place = { ...place, ...sent };
        failures = 0;
      } catch (error) {
        if (this.isGivenUp) throw new Stopped();
        if (this.isPaused) continue;
        if (!(error instanceof Lost)) throw error;
        await this.#wait(Math.min(LONGEST_WAIT, 2 ** failures));
        failures += 1;
        place = await this.#patiently(() => this.#ask(place.address));
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
    const address = sessionStorage.getItem(this.key);
    if (address) {
      try {
        const place = await this.#ask(address);
        if (!place.is_over && (await this.#isSameFile(place))) return this.#known(place);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
      this.forget();
    }
    const form = new FormData();
    for (const [name, value] of this.fields) form.append(name, value);
    form.append("filename", this.file.name);
    form.append("size", this.file.size);
    return this.#known(await this.#request("POST", this.beginAddress, form));
  }

  #known(place) {
    this.cancelAddress = place.cancel;
    sessionStorage.setItem(this.key, place.address);
    this.told.progress(place.received);
    return place;
  }

  // The last piece that arrived is hashed again here: a file that was changed in place is sent from its beginning.
  async #isSameFile(place) {
    if (!place.received) return true;
    const from = Math.floor((place.received - 1) / place.piece) * place.piece;
    return (await digestOf(this.file.slice(from, place.received))) === place.last;
  }

  #ask(address) {
    return this.#request("GET", address);
  }

  async #sendPiece(place) {
    const piece = this.file.slice(place.received, place.received + place.piece);
    const headers = {
      "Content-Type": "application/octet-stream",
      "Upload-Offset": String(place.received),
      "Content-Digest": `sha-256=:${await digestOf(piece)}:`,
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
        else if (request.status === 409 && answer && "received" in answer) resolve({ received: answer.received });
        else if (request.status === 429 || request.status >= 500) reject(new Lost());
        else reject(new Refused(answer?.reason ?? ""));
      });
      request.send(body);
    });
  }
}
