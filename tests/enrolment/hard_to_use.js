// Every way that a page can be hard to use without eyes, a mouse or a steady hand; empty is good.
() => {
  const found = [];
  const seen = (element) => element.checkVisibility();
  for (const input of document.querySelectorAll("input")) {
    if (!input.labels.length || !input.labels[0].textContent.trim()) found.push(`no label: ${input.id}`);
    for (const id of (input.getAttribute("aria-describedby") ?? "").split(" "))
      if (!document.getElementById(id)) found.push(`describes nothing: ${id}`);
    if (input.autocomplete !== "off") found.push(`remembered: ${input.id}`);
    if (input.inputMode !== (input.id === "word" ? "text" : "numeric")) found.push(`wrong keyboard: ${input.id}`);
  }
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((one) => Number(one.tagName[1]));
  if (levels.filter((one) => one === 1).length !== 1) found.push(`headings: ${levels}`);
  levels.forEach((one, at) => { if (at && one > levels[at - 1] + 1) found.push(`headings: ${levels}`); });
  if (levels[0] !== 1) found.push(`headings begin with ${levels[0]}`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) found.push(`ids twice: ${ids}`);
  if (!/^(fr|en)$/.test(document.documentElement.lang)) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  if (!document.querySelector("main")) found.push("no main");
  for (const image of document.images) if (!image.hasAttribute("alt")) found.push("image without alt");
  for (const target of document.querySelectorAll("a, button, input"))
    if (seen(target) && target.getBoundingClientRect().height < 24) found.push(`small: ${target.textContent}`);
  for (const target of document.querySelectorAll("button, input"))
    if (target.getBoundingClientRect().height < 44) found.push(`small for a thumb: ${target.id}`);
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push(`${wide} px too wide`);
  return found;
}
