// Every way that a page of the console can be hard to use without eyes, a mouse or a steady hand; empty is good.
() => {
  const found = [];
  const seen = (element) => element.checkVisibility();
  for (const input of document.querySelectorAll("input:not([type=hidden])")) {
    if (!input.labels.length || !input.labels[0].textContent.trim()) found.push(`no label: ${input.id}`);
    for (const id of (input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean))
      if (!document.getElementById(id)) found.push(`describes nothing: ${id}`);
    if (!input.autocomplete) found.push(`remembered: ${input.id}`);
  }
  const levels = [...document.querySelectorAll("h1, h2, h3")].map((one) => Number(one.tagName[1]));
  if (levels.filter((one) => one === 1).length !== 1) found.push(`headings: ${levels}`);
  levels.forEach((one, at) => { if (at && one > levels[at - 1] + 1) found.push(`headings: ${levels}`); });
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  if (new Set(ids).size !== ids.length) found.push(`ids twice: ${ids}`);
  if (!/^(fr|en)$/.test(document.documentElement.lang)) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  if (!document.querySelector("main")) found.push("no main");
  for (const image of document.images) if (!image.hasAttribute("alt")) found.push("image without alt");
  for (const drawing of document.querySelectorAll("svg"))
    if (drawing.getAttribute("role") !== "img" || !document.getElementById(drawing.getAttribute("aria-labelledby")))
      found.push("drawing without a name");
  for (const head of document.querySelectorAll("table th")) if (!head.scope) found.push(`head of nothing: ${head.textContent}`);
  for (const form of document.querySelectorAll("form[method=post]"))
    if (!form.elements.csrf && !form.elements.password) found.push(`form without its token: ${form.action}`);
  for (const target of document.querySelectorAll("a, button, input:not([type=hidden])"))
    if (seen(target) && target.getBoundingClientRect().height < 24) found.push(`small: ${target.textContent}`);
  for (const target of document.querySelectorAll("button, input:not([type=hidden])"))
    if (seen(target) && target.getBoundingClientRect().height < 44) found.push(`small for a thumb: ${target.textContent || target.id}`);
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push(`${wide} px too wide`);

  // Contrast as WCAG 2 counts it: 4.5 to 1 for text on what lies beneath it.
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number).slice(0, 3).map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const beneath = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!/, 0\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  for (const element of document.querySelectorAll("body *:not(svg *)")) {
    const speaks = [...element.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    if (!speaks || !seen(element)) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(beneath(element))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) found.push(`faint: ${element.className} ${element.textContent.trim().slice(0, 20)}`);
  }
  return found;
}
