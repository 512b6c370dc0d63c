// Sending a file: drop it anywhere on the box, see its size at once, and watch the bytes go; a big one goes in pieces.
// Without this script the form works as any other form does.

const form = document.querySelector("[data-upload]");

if (form) {
  // The browser's own control speaks the browser's language; a label in the page's language stands in for it.
  form.classList.add("is-scripted");
  const box = form.querySelector("[data-drop]");
  const input = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const tooLarge = form.querySelector("[data-too-large]");
  const button = form.querySelector("button[type=submit]");
  const meter = form.querySelector("[data-sending]");
  const bar = meter.querySelector("progress");
  const said = meter.querySelector("[data-sent]");
  const failed = form.querySelector("[data-failed]");
  const cannotBeSent = failed.textContent;
  const waiting = form.querySelector("[data-waiting]");
  const pause = form.querySelector("[data-pause]");
  const pauseLabel = pause.textContent;
  const giveUp = form.querySelector("[data-cancel]");
  const leave = form.querySelector("[data-leave]");
  const half = form.querySelector("[data-half-sent]");
  const limit = Number(form.dataset.maxBytes);
  const locale = document.documentElement.lang || "es";
  // Pieces are hashed, which browsers do only on pages that come over a safe connection.
  const mayCut = Boolean(window.crypto && crypto.subtle);
  const cutting = mayCut ? import(form.dataset.script) : null;

  const inUnits = (number, unit, digits) =>
    new Intl.NumberFormat(locale, { style: "unit", unit, maximumFractionDigits: digits }).format(number);

  const size = (bytes) => {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
    return inUnits(bytes / 1000 ** at, units[at], at === 0 ? 0 : 1);
  };

  const time = (seconds) =>
    seconds < 90 ? inUnits(Math.max(1, Math.round(seconds)), "second", 0) : inUnits(Math.round(seconds / 60), "minute", 0);

  const show = () => {
    const file = input.files[0];
    chosen.hidden = !file;
    chosen.textContent = file ? `${file.name} · ${size(file.size)}` : "";
    const isTooLarge = Boolean(file) && file.size > limit;
    tooLarge.hidden = !isTooLarge;
    input.setAttribute("aria-invalid", String(isTooLarge));
    button.disabled = isTooLarge;
    failed.hidden = true;
  };

  // Speed and time left are taken from what was sent since this page began, the last ten seconds counting most.
  const clock = () => {
    let begun = null;
    let last = null;
    let speed = 0;
    return (sent, total) => {
      const now = performance.now() / 1000;
      if (begun === null) [begun, last] = [now, { now, sent }];
      if (now - last.now >= 0.5) {
        const current = (sent - last.sent) / (now - last.now);
        const weight = speed ? Math.min(1, (now - last.now) / 10) : 1;
        speed = Math.max(0, speed + weight * (current - speed));
        last = { now, sent };
      }
      bar.value = total ? (100 * sent) / total : 0;
      const words = [`${size(sent)} / ${size(total)}`];
      if (speed > 0 && sent < total) {
        words.push(`${size(speed)}/s`, said.dataset.left.replace("{time}", time((total - sent) / speed)));
      }
      said.textContent = words.join(" · ");
    };
  };

  const begin = () => {
    button.disabled = true;
    meter.hidden = false;
    failed.hidden = true;
    half.hidden = true;
  };

  const stop = (reason = cannotBeSent) => {
    failed.textContent = reason || cannotBeSent;
    failed.hidden = false;
    end();
  };

  const end = () => {
    meter.hidden = pause.hidden = giveUp.hidden = waiting.hidden = true;
    leave.hidden = button.hidden = button.disabled = false;
  };

  const sendWhole = () => {
    const tell = clock();
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (sent) => sent.lengthComputable && tell(sent.loaded, sent.total));
    request.addEventListener("load", () => {
      // The answer is a page: the file's own when it was taken, this form with its reasons when it was not.
      if (request.status < 400 && request.responseURL !== form.action) {
        window.location.assign(request.responseURL);
        return;
      }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const reasons = page.querySelector("[data-upload] [data-reasons]");
      const place = form.querySelector("[data-reasons]");
      if (reasons && place && reasons.childElementCount) {
        place.replaceChildren(...reasons.childNodes);
        end();
      } else {
        stop();
      }
    });
    request.addEventListener("error", () => stop());
    request.send(new FormData(form));
  };

  const sendInPieces = async (file) => {
    const { Refused, Stopped, Transfer } = await cutting;
    const tell = clock();
    const fields = [...new FormData(form)].filter(([name]) => name !== "file" && name !== "csrf_token");
    const transfer = new Transfer(file, fields, form.elements.csrf_token.value, form.dataset.begin, {
      progress: (sent) => tell(sent, file.size),
      waiting: (seconds) => {
        waiting.hidden = !seconds && !transfer.isPaused;
        if (seconds) waiting.textContent = waiting.dataset.lost.replace("{time}", time(seconds));
      },
    });
    pause.textContent = pauseLabel;
    pause.hidden = giveUp.hidden = false;
    leave.hidden = button.hidden = true;
    pause.onclick = () => {
      if (transfer.isPaused) transfer.goOn();
      else transfer.pause();
      pause.textContent = transfer.isPaused ? pause.dataset.goOn : pauseLabel;
      waiting.textContent = waiting.dataset.paused;
      waiting.hidden = !transfer.isPaused;
    };
    giveUp.onclick = () => transfer.giveUp();
    try {
      window.location.assign(await transfer.send());
    } catch (error) {
      if (error instanceof Stopped) end();
      else if (error instanceof Refused) stop(error.message);
      else throw error;
    }
  };

  input.addEventListener("change", show);
  for (const name of ["dragenter", "dragover"]) {
    box.addEventListener(name, (event) => {
      event.preventDefault();
      box.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) {
    box.addEventListener(name, () => box.classList.remove("is-over"));
  }
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) {
      input.files = event.dataTransfer.files;
      show();
    }
  });

  cutting?.then(({ halfSent }) => {
    const name = halfSent();
    if (!name || button.disabled) return;
    const words = half.querySelector(".notice > div");
    words.textContent = words.textContent.replace("…", name);
    half.hidden = false;
  });

  form.addEventListener("submit", (event) => {
    const file = input.files[0];
    if (!file) return;
    event.preventDefault();
    begin();
    if (file.size >= Number(form.dataset.piecesFrom) && mayCut) sendInPieces(file);
    else sendWhole();
  });
}
