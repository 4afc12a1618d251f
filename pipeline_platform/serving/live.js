const view = document.body.dataset.view;
const place = document.getElementById("chart");
const dark = matchMedia("(prefers-color-scheme: dark)");
const EVERY_MS = 1000;
const SLOWEST_MS = 8000;
let tag = null;
let latest = null;
let drawn = null;
let shape = "";
let pause = EVERY_MS;
let waiting;
let asking = false;

async function turn() {
  clearTimeout(waiting);
  if (document.hidden) return say("paused", "Paused while the page is hidden");
  if (asking) return;
  asking = true;
  try {
    await look();
  } catch (error) {
    pause = Math.min(pause * 2, SLOWEST_MS);
    say("disconnected", "Disconnected: the server does not answer; what stands here may be old");
  } finally {
    asking = false;
    waiting = setTimeout(turn, pause);
  }
}

async function look() {
  const found = await ask(`/live/${encodeURIComponent(view)}/chart`, tag);
  pause = EVERY_MS;
  if (found.status === 200) {
    tag = found.tag;
    latest = found.body;
    write(latest);
    await draw();
  } else if (found.status !== 304) {
    return say(found.status === 503 ? "loading" : "refused", found.body.error.what);
  }
  say("live", "Live");
  age();
}

function write(shown) {
  const texts = {
    title: shown.title,
    subtitle: shown.subtitle,
    description: shown.description,
    "as-of": shown.as_of.toLocaleString("en"),
    late: shown.late_rows.toLocaleString("en"),
    cut: shown.batch_cut === null ? "none" : shown.batch_cut.toLocaleString("en"),
    count: shown.count.toLocaleString("en"),
  };
  for (const [id, text] of Object.entries(texts)) document.getElementById(id).textContent = text;
  document.title = shown.title;
  const heads = document.createElement("tr");
  heads.append(...shown.columns.map((name) => element("th", name)));
  document.getElementById("columns").replaceChildren(heads);
  document.getElementById("rows").replaceChildren(
    ...shown.rows.map((row) => {
      const line = document.createElement("tr");
      line.append(...shown.columns.map((name) => cell(row[name])));
      return line;
    }),
  );
}

function cell(value) {
  return element("td", written(value), { className: typeof value === "number" ? "number" : "" });
}

function written(value) {
  if (value === null) return "";
  if (typeof value === "object") return JSON.stringify(value);
  if (typeof value === "number" && !Number.isInteger(value)) {
    return value.toLocaleString("en", { maximumSignificantDigits: 6 });
  }
  return String(value).replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:00)?(\S*)Z$/, "$1 $2$4 UTC");
}

function age() {
  if (!latest) return;
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(latest.changed_at)) / 1000));
  document.getElementById("changed").textContent =
    seconds < 120 ? `${seconds} s ago` : new Date(latest.changed_at).toLocaleString("en");
}

// Equal shapes differ in their rows only: the drawing stays and its marks move.
async function draw() {
  const problem = document.getElementById("problem");
  problem.hidden = !latest.problem;
  problem.textContent = latest.problem ?? "";
  place.hidden = !latest.specification;
  if (!latest.specification) return;
  const { data, ...rest } = latest.specification;
  const said = JSON.stringify([rest, dark.matches]);
  if (drawn && said === shape) await drawn.view.data("rows", data.values).runAsync();
  else await embed(said);
  place.dataset.updates = Number(place.dataset.updates) + 1;
}

async function embed(said) {
  const result = await vegaEmbed(place, structuredClone(latest.specification), {
    mode: "vega-lite",
    renderer: latest.specification.data.values.length > 2500 ? "canvas" : "svg",
    config: THEMES[dark.matches ? "dark" : "light"],
    actions: false,
    ast: true,
    tooltip: { theme: dark.matches ? "dark" : "light" },
  });
  if (drawn) drawn.finalize();
  drawn = result;
  shape = said;
}

dark.addEventListener("change", () => latest && draw());
document.addEventListener("visibilitychange", turn);
whenTokenGiven(turn);
setInterval(age, 1000);
turn();
