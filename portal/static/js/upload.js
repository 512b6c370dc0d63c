// Sending a file: drop it anywhere on the box, see its size at once, and watch the bytes go.
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
  const limit = Number(form.dataset.maxBytes);
  const locale = document.documentElement.lang || "es";

  const size = (bytes) => {
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    const at = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
    const digits = at === 0 ? 0 : 1;
    return new Intl.NumberFormat(locale, { style: "unit", unit: units[at], maximumFractionDigits: digits }).format(bytes / 1000 ** at);
  };

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

  form.addEventListener("submit", (event) => {
    if (!input.files[0]) return;
    event.preventDefault();
    button.disabled = true;
    meter.hidden = false;
    failed.hidden = true;
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      bar.value = (100 * sent.loaded) / sent.total;
      said.textContent = `${size(sent.loaded)} / ${size(sent.total)}`;
    });
    request.addEventListener("load", () => {
      // The answer is a page: the file's own when it was taken, this form with its reasons when it was not.
      if (request.status < 400 && request.responseURL !== form.action) {
        window.location.assign(request.responseURL);
        return;
      }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const reasons = page.querySelector("[data-upload] [data-reasons]");
      const place = form.querySelector("[data-reasons]");
      if (reasons && place) {
        place.replaceChildren(...reasons.childNodes);
        place.hidden = false;
      } else {
        failed.hidden = false;
      }
      meter.hidden = true;
      button.disabled = false;
    });
    request.addEventListener("error", () => {
      failed.hidden = false;
      meter.hidden = true;
      button.disabled = false;
    });
    request.send(new FormData(form));
  });
}
