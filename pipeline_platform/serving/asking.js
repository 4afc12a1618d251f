const TOKEN = "pipeline-platform-token";
const state = document.getElementById("state");

function say(name, text) {
  state.dataset.state = name;
  if (state.textContent !== text) state.textContent = text;
  document.body.toggleAttribute("data-stale", name === "disconnected");
}

// Answers {status, tag, body}; a wrong or missing token shows the field for it.
async function ask(path, tag) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(tag && { "If-None-Match": tag }) };
  const response = await fetch(path, { headers, cache: "no-store", signal: AbortSignal.timeout(15000) });
  document.getElementById("token").hidden = response.status !== 401;
  const body = response.status === 304 ? null : await response.json();
  return { status: response.status, tag: response.headers.get("ETag"), body };
}

function whenTokenGiven(then) {
  const form = document.getElementById("token");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(TOKEN, form.elements.token.value);
    form.reset();
    then();
  });
}

function element(name, text, attributes = {}) {
  const made = Object.assign(document.createElement(name), attributes);
  made.textContent = text;
  return made;
}
