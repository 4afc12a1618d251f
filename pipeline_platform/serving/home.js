async function list() {
  try {
    const { status, body } = await ask("/views");
    if (status !== 200) return say("refused", body.error.what);
    const cards = body.views.map((view) => {
      const card = element("a", "", { className: "card", href: view.live });
      const inside = document.createElement("div");
      const stands = view.loading ? "loading" : `as of epoch ${view.as_of}, ${view.late_rows} late rows`;
      inside.append(element("strong", view.name), element("span", view.description), element("span", stands));
      card.append(inside);
      return card;
    });
    document.getElementById("views").replaceChildren(...cards);
    say("live", cards.length ? `${cards.length} views` : "No view answers yet");
  } catch (error) {
    say("disconnected", "Disconnected: the server does not answer");
  }
}

whenTokenGiven(list);
setInterval(() => document.hidden || list(), 5000);
list();
