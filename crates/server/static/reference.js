// The documentation: searches a small index that is fetched when the search is first used, and
// leads old addresses with a fragment to the page that now has the content.

const MOST_SHOWN = 12;
const NEVER_LOADED = [];

/** Returns the words of a text, in lower case. */
const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** Returns how well an entry matches: 0 if a word is missing, more if the title has the words. */
export function score(entry, words) {
  const [title, others] = [entry.t.toLowerCase(), (entry.w ?? "").toLowerCase()];
  let sum = 0;
  for (const word of words) {
    if (title.startsWith(word)) sum += 4;
    else if (title.includes(word)) sum += 3;
    else if (others.includes(word)) sum += 1;
    else return 0;
  }
  return sum;
}

/** Returns the entries that match all words of `text`, the best first. */
export function find(index, text) {
  const words = wordsOf(text);
  if (words.length === 0) return [];
  const scored = index.map((entry) => [score(entry, words), entry]).filter(([sum]) => sum > 0);
  return scored.sort(([one], [other]) => other - one).map(([, entry]) => entry);
}

function start(search) {
  const [input, status, results] = ["#search", "#search-status", "#search-results"].map((id) => search.querySelector(id));
  const { found, none } = search.dataset;
  let loading;

  const load = () => {
    loading ??= fetch(search.dataset.index)
      .then((response) => (response.ok ? response.json() : NEVER_LOADED))
      .catch(() => NEVER_LOADED);
    return loading;
  };

  const show = async () => {
    const index = await load();
    const text = input.value;
    const entries = find(index, text);
    results.replaceChildren(
      ...entries.slice(0, MOST_SHOWN).map((entry) => {
        const [item, link] = [document.createElement("li"), document.createElement("a")];
        link.href = entry.u;
        link.textContent = entry.t;
        item.append(link);
        return item;
      }),
    );
    if (wordsOf(text).length === 0) status.textContent = "";
    else status.textContent = entries.length === 0 ? none : found.replace("{count}", entries.length);
  };

  const move = (by) => {
    const stops = [input, ...results.querySelectorAll("a")];
    stops[stops.indexOf(document.activeElement) + by]?.focus();
  };

  search.hidden = false;
  input.addEventListener("focus", load);
  input.addEventListener("input", show);
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && event.target === input) results.querySelector("a")?.click();
    else if (event.key === "Escape" && input.value !== "") {
      input.value = "";
      input.focus();
      show();
    } else return;
    event.preventDefault();
  });
}

/** Leads from the overview to the page that the element of the fragment links to. */
function follow() {
  const target = document.getElementById(location.hash.slice(1));
  const link = target?.matches("li, #webhook-deliveries") ? target.querySelector("a[data-moved]") : undefined;
  if (link) location.replace(link.href);
}

if (typeof document !== "undefined") {
  const search = document.querySelector("[role='search']");
  if (search) start(search);
  if (location.hash.length > 1) follow();
}
