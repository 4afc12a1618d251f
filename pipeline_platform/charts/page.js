const place = document.getElementById("chart");
const dark = matchMedia("(prefers-color-scheme: dark)");
const specification = place && JSON.parse(document.getElementById("specification").textContent);
let drawn = null;
let turn = 0;

async function draw() {
  const mine = ++turn;
  if (drawn) drawn.finalize();
  const result = await vegaEmbed(place, specification, {
    mode: "vega-lite",
    renderer: place.dataset.renderer,
    config: THEMES[dark.matches ? "dark" : "light"],
    actions: false,
    ast: true,
    tooltip: { theme: dark.matches ? "dark" : "light" },
  });
  if (mine !== turn) return result.finalize();
  drawn = result;
  await fit();
  place.dataset.drawn = dark.matches ? "dark" : "light";
}

// "container" is no width of small multiples: what surrounds them is measured instead.
async function fit() {
  if (!drawn || !specification.spec) return;
  for (let round = 0; round < 2; round += 1) {
    const shown = place.querySelector("svg, canvas").getBoundingClientRect().width;
    const needed = Number(place.querySelector("svg, canvas").getAttribute("width")) || shown;
    const ratio = place.dataset.renderer === "canvas" ? devicePixelRatio : 1;
    const width = drawn.view.signal("child_width") + place.clientWidth - needed / ratio;
    if (Math.abs(width - drawn.view.signal("child_width")) < 1) return;
    await drawn.view.signal("child_width", Math.max(120, Math.floor(width))).runAsync();
  }
}

if (place) {
  draw().catch((error) => {
    place.textContent = `The chart could not be drawn: ${error.message}`;
  });
  dark.addEventListener("change", draw);
  addEventListener("resize", fit);
}
