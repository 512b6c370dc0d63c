// What every page does without a framework: the menu on phones, copying a link, asking before a step that matters.

const menuButton = document.querySelector("[data-toggle-menu]");

menuButton?.addEventListener("click", () => {
  const isOpen = document.body.classList.toggle("menu-is-open");
  menuButton.setAttribute("aria-expanded", String(isOpen));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && document.body.classList.contains("menu-is-open")) {
    menuButton?.click();
    menuButton?.focus();
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = button.parentElement.querySelector("[data-copy-source]");
  source.select();
  try {
    await navigator.clipboard.writeText(source.value);
  } catch {
    document.execCommand("copy"); // where the page is not served securely there is no clipboard
  }
  button.querySelector("span").textContent = button.dataset.done;
});

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) {
    event.preventDefault();
    return;
  }
  // A second click gives the first result on the server too; here it only saves the person the doubt.
  if (form.dataset.isSent) event.preventDefault();
  else if (!event.defaultPrevented) form.dataset.isSent = "yes";
});

window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-is-sent]")) delete form.dataset.isSent;
});
