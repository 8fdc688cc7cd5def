"use strict";
// Everything that a plugin's author wrote enters the page as text, never as HTML.
const SHOWN = 100;
const PERMISSIONS = {
  network: "opens network connections",
  files: "reads or writes files that you do not name",
  processes: "starts other programs",
};
const main = document.getElementById("main");
const search = document.getElementById("search");
const names = Object.keys(PLUGINS);
const texts = new Map(names.map((name) => [name, text(PLUGINS[name][0])]));

function text(release) {
  return `${release.name} ${release.summary} ${JSON.stringify(release.offers)}`.toLowerCase();
}

function element(tag, content, attributes = {}) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...[content].flat());
  return made;
}

function offers(release) {
  return Object.entries(release.offers).map(([kind, found]) => `${kind}: ${found.join(", ")}`).join("; ");
}

function newest(releases) {
  return releases.find((release) => !release.yanked) || releases[0];
}

function list() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = names.filter((name) => words.every((word) => texts.get(name).includes(word)));
  const cards = found.slice(0, SHOWN).map((name) => {
    const release = newest(PLUGINS[name]);
    const title = element("h2", [element("a", name, { href: `#${name}` }), ` ${release.version}`]);
    return element("div", [title, element("p", release.summary), element("p", offers(release), { class: "soft" })], { class: "card" });
  });
  const rest = found.length > SHOWN ? `, the first ${SHOWN} shown` : "";
  const count = element("p", `${found.length} of ${names.length} plugins${rest}`, { class: "soft", id: "count" });
  main.replaceChildren(count, ...cards);
}

function row(title, content) {
  return element("tr", [element("th", title), element("td", content)]);
}

function link(address) {
  const isWeb = /^https?:\/\//.test(address);
  return isWeb ? element("a", address, { href: address, rel: "noopener noreferrer" }) : address;
}

function versions(releases) {
  const rows = releases.map((release) => element("tr", [
    element("td", [release.version, release.yanked ? element("div", `yanked: ${release.yanked}`, { class: "yanked" }) : ""]),
    element("td", release.published),
    element("td", `${(release.length / 1024).toFixed(1)} KiB`),
    element("td", element("code", release.sha256)),
  ]));
  const head = ["version", "published", "size", "sha256"].map((title) => element("th", title));
  return element("table", [element("tr", head), ...rows]);
}

function plugin(name) {
  const releases = PLUGINS[name];
  const release = newest(releases);
  const permissions = release.permissions.map((key) => `${key} (${PERMISSIONS[key] || "unknown"})`);
  main.replaceChildren(
    element("h2", `${name} ${release.version}`),
    element("p", release.summary),
    element("pre", `tk hub install ${name}`),
    element("table", [
      row("provides", offers(release)),
      row("permissions", permissions.join(", ") || "none asked for"),
      row("licence", release.licence),
      row("source", link(release.source)),
      row("Python", release.python),
      row("needs", release.requires.join(", ")),
    ]),
    element("h3", "Versions"),
    versions(releases),
  );
}

function show() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (Object.hasOwn(PLUGINS, name)) plugin(name);
  else list();
}

search.addEventListener("input", () => {
  if (location.hash) history.replaceState(null, "", location.pathname);
  list();
});
window.addEventListener("hashchange", show);
show();
