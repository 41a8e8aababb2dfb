// The page draws itself again when the server says that something has changed:
// it fetches its own address and takes over what differs. What is being typed,
// the focus and the place one is reading stay as they are.

const news = document.getElementById("news");
const live = document.getElementById("live");
const lost = document.getElementById("lost");

// --- taking over a newer page ----------------------------------------------------

function takeOver(page) {
  const known = new Set(Array.from(document.querySelectorAll("article"), (one) => one.id));
  const cents = new Map(
    Array.from(document.querySelectorAll("[data-cents]"), (one) => [one.id, +one.dataset.cents]),
  );
  const focused = document.activeElement?.id;

  for (const fresh of page.querySelectorAll("[data-live]")) {
    const region = document.getElementById(fresh.id);
    if (fresh.children.length || region.children.length) mergeItems(region, fresh);
    else if (region.textContent !== fresh.textContent) region.textContent = fresh.textContent;
  }
  document.body.dataset.stamp = page.body.dataset.stamp;

  if (focused && document.activeElement === document.body) {
    document.getElementById(focused)?.focus({ preventScroll: true });
  }
  showMoves(cents);
  showNew(known);
}

// Items are known by their id. Those that are the same are not touched.
function mergeItems(region, fresh) {
  const wanted = [...fresh.children];
  const ids = new Set(wanted.map((item) => item.id));
  for (const old of [...region.children]) if (!ids.has(old.id)) old.remove();
  wanted.forEach((item, place) => {
    const old = document.getElementById(item.id);
    if (old) keepMoves(old, item);
    if (old?.isEqualNode(item)) return;
    if (old) old.replaceWith(item);
    else region.insertBefore(item, region.children[place] ?? null);
  });
}

// A new line, with the next code, is offered only where nobody has typed.
function offerLines(page) {
  for (const { id, defaultValue: line } of page.querySelectorAll("[name=text]")) {
    const box = document.getElementById(id);
    if (box.value === box.defaultValue) box.value = line;
    box.defaultValue = line;
  }
}

// A balance that has not moved again keeps its mark, so that its little dance is not cut short.
function keepMoves(old, item) {
  for (const balance of old.querySelectorAll("[data-moved]")) {
    const { cents, moved } = balance.dataset;
    const same = item.querySelector(`#${balance.id}[data-cents="${cents}"]`);
    if (same) same.dataset.moved = moved;
  }
}

function showMoves(before) {
  for (const balance of document.querySelectorAll("[data-cents]")) {
    const moved = +balance.dataset.cents - before.get(balance.id);
    if (moved) balance.dataset.moved = moved > 0 ? "up" : "down";
  }
}

function showNew(known) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const arriving = { opacity: [0, 1], translate: ["0 -0.5rem", "0 0"] };
  for (const line of document.querySelectorAll("article")) {
    if (known.has(line.id)) continue;
    if (!calm) line.animate(arriving, { duration: 350, easing: "ease-out" });
    if (line.dataset.by === "bot") {
      news.textContent = `${news.dataset.says} ${line.querySelector(".said").textContent}`;
    }
  }
}

// --- hearing of changes ------------------------------------------------------------

let drawing = false;
let heard = document.body.dataset.stamp;

async function draw() {
  if (drawing) return;
  drawing = true;
  try {
    while (heard !== document.body.dataset.stamp) {
      const asked = heard;
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) break;
      const page = parse(await answer.text());
      takeOver(page);
      offerLines(page);
      if (heard === asked) heard = document.body.dataset.stamp;
    }
  } catch {
    live.hidden = true; // the server is away; the next change is heard on reconnection
  } finally {
    drawing = false;
  }
}

const parse = (text) => new DOMParser().parseFromString(text, "text/html");

let changes;

function listen() {
  changes = new EventSource("/changes");
  changes.onopen = () => { live.hidden = false; };
  changes.onerror = () => { live.hidden = true; };
  changes.onmessage = ({ data }) => { heard = data; draw(); };
}

// A browser keeps six connections to one host: hidden tabs give theirs back.
document.addEventListener("visibilitychange", () => {
  changes.close();
  if (!document.hidden) listen();
});
listen();

// --- writing -----------------------------------------------------------------------

// The server answers with the page to show: the new one, or this one with the reason why not.
async function send(form) {
  const [box, body] = [form.elements.text, new URLSearchParams(new FormData(form))];
  const sent = box.value;
  const answer = await fetch(form.action, { method: "POST", body });
  const page = parse(await answer.text());
  if (answer.ok) {
    history.replaceState(null, "", answer.url);
    if (box.value === sent) box.value = box.defaultValue;
    offerLines(page);
  }
  for (const { id, textContent } of page.querySelectorAll(".error")) {
    document.getElementById(id).textContent = textContent;
  }
  takeOver(page);
}

for (const form of document.forms) {
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await send(form).then(() => { lost.hidden = true; }, () => { lost.hidden = false; });
    button.disabled = false;
  });
}

let lastBox = document.getElementById("post-text");
document.addEventListener("focusin", ({ target }) => {
  if (target.name === "text") lastBox = target;
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target.closest("[data-fill], [data-code]");
  if (!link) return;
  event.preventDefault();
  if (link.dataset.fill) fill(document.getElementById(link.dataset.box), link.dataset.fill);
  else writeCode(lastBox, `#${link.dataset.code}`);
});

function fill(box, line) {
  box.focus();
  box.value = line;
  box.setSelectionRange(line.length, line.length);
}

// A code takes the place of the one that stands there, else goes where the caret is.
function writeCode(box, code) {
  const standing = /#\d{8}\b/.exec(box.value);
  const start = standing ? standing.index : box.selectionStart;
  const end = standing ? start + standing[0].length : box.selectionEnd;
  const space = start > 0 && !/\s$/.test(box.value.slice(0, start)) ? " " : "";
  box.focus();
  box.setRangeText(space + code, start, end, "end");
}

document.getElementById("post-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
});
