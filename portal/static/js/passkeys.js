// A form that a passkey fills in: it asks the server what to sign, the device signs, and the form is sent like any other.
// data-passkey="get" uses a passkey, "create" makes one; data-options says where to ask.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (known) => (known ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function wishOf(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRF-Token": form.elements.csrf_token.value, Accept: "application/json" },
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const wish = await answer.json();
  wish.challenge = bytes(wish.challenge);
  if (wish.user) wish.user.id = bytes(wish.user.id);
  if (wish.allowCredentials) wish.allowCredentials = named(wish.allowCredentials);
  if (wish.excludeCredentials) wish.excludeCredentials = named(wish.excludeCredentials);
  return wish;
}

function told(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

async function fill(form) {
  const problem = form.querySelector("[data-problem]");
  problem.hidden = true;
  try {
    const publicKey = await wishOf(form);
    const made = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    form.elements.response.value = told(made);
    form.submit();
  } catch {
    // Cancelled, timed out, none on this device: browsers do not tell these apart, and neither do we.
    problem.hidden = false;
    problem.focus();
  }
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fill(form);
  });
}
