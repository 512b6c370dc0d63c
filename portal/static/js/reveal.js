// Shows one covered field in its place for half a minute; without this script the form leads to a page that does the same.

for (const form of document.querySelectorAll("form[data-reveal]")) {
  const said = form.querySelector("[data-said]");

  form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!button?.name) return;
    event.preventDefault();
    const shown = button.parentElement.querySelector("[data-value]");
    if (shown.dataset.covered !== undefined) return cover(shown);
    const body = new FormData(form, button);
    button.disabled = true;
    said.textContent = "";
    try {
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json", "HX-Request": "true" } });
      if (answer.headers.get("HX-Redirect")) return window.location.assign(answer.headers.get("HX-Redirect"));
      if (answer.headers.get("Content-Type")?.startsWith("application/json")) {
        const told = await answer.json();
        if (told.refused) said.textContent = told.refused;
        else uncover(shown, told);
      } else {
        said.textContent = new DOMParser().parseFromString(await answer.text(), "text/html").body.textContent.trim();
      }
    } finally {
      button.disabled = false;
      delete form.dataset.isSent;
    }
  });
}

function uncover(shown, told) {
  shown.dataset.covered = shown.textContent;
  shown.textContent = told.value;
  shown.classList.add("is-revealed");
  setTimeout(() => cover(shown), told.seconds * 1000);
}

function cover(shown) {
  if (shown.dataset.covered === undefined) return;
  shown.textContent = shown.dataset.covered;
  delete shown.dataset.covered;
  shown.classList.remove("is-revealed");
}

// Neither the back button nor a copy of the page keeps a value.
window.addEventListener("pagehide", () => {
  for (const shown of document.querySelectorAll("[data-covered]")) cover(shown);
});
