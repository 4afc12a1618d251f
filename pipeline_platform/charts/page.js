const place = document.getElementById("chart");
const dark = matchMedia("(prefers-color-scheme: dark)");
const specification = place && JSON.parse(document.getElementById("specification").textContent);
let drawn = null;
let turn = 0;

async function draw() {
  const mine = ++turn;
  let result = await embed();
  // "container" is no width of small multiples: what surrounds them is measured instead.
  const inner = specification.spec;
  const excess = place.firstElementChild.getBoundingClientRect().width - place.clientWidth;
  if (mine === turn && inner && Math.abs(excess) >= 1) {
    inner.width = Math.max(120, Math.floor(inner.width - excess));
    result.finalize();
    result = await embed();
  }
  if (mine !== turn) return result.finalize();
  if (drawn) drawn.finalize();
  drawn = result;
  place.dataset.drawn = dark.matches ? "dark" : "light";
}

function embed() {
  return vegaEmbed(place, specification, {
    mode: "vega-lite",
    renderer: place.dataset.renderer,
    config: THEMES[dark.matches ? "dark" : "light"],
    actions: false,
    ast: true,
    tooltip: { theme: dark.matches ? "dark" : "light" },
  });
}

function attempt() {
  draw().catch((error) => {
    place.textContent = `The chart could not be drawn: ${error.message}`;
  });
}

if (place) {
  let waiting;
  attempt();
  dark.addEventListener("change", attempt);
  addEventListener("resize", () => {
    clearTimeout(waiting);
    if (specification.spec) waiting = setTimeout(attempt, 150);
  });
}
