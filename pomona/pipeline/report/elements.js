// Words, numbers and elements that the page is made of. Every text from outside is set as text, never as HTML.
"use strict";

const pomonaPage = (() => {
  // Words and numbers

  const count = (value) => Number(value).toLocaleString("en-US");
  const plural = (value, one, many = one + "s") => `${count(value)}\u00a0${value === 1 ? one : many}`;

  /** [number, unit] of seconds or bytes, in the unit that reads best. */
  function seconds(value) {
    if (value < 0.001) return ["0", "s"];
    if (value < 1) return [String(Number(value.toPrecision(2))), "s"];
    if (value < 100) return [value.toFixed(1), "s"];
    const minutes = Math.round(value / 60);
    if (value < 3600) return [`${Math.floor(value / 60)}:${String(Math.floor(value % 60)).padStart(2, "0")}`, "min"];
    return [`${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`, "h"];
  }

  function bytes(value) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    for (; value >= 999.5 && unit < units.length - 1; ++unit) value /= 1000;
    return [value < 9.95 && unit > 0 ? value.toFixed(1) : value.toFixed(0), units[unit]];
  }

  const rate = (value) => (value >= 100 ? count(Math.round(value)) : String(Number(value.toPrecision(3))));
  const number = (value) => value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  const percent = (part, digits = 1) => `${(100 * part).toFixed(digits)}\u00a0%`;
  const share = (value) => (value < 0.0001 ? "under 0.01\u00a0%" : percent(value, value < 0.01 ? 2 : 1));

  // Elements

  /** An element with a class, and children that are texts or elements. */
  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== undefined && child !== null));
    return element;
  }

  /** Text from outside: isolated, so that right-to-left names do not turn what stands around them. */
  function foreign(text, className) {
    const element = make("bdi", className, text);
    if (className === "clip") element.title = text;
    return element;
  }

  const section = (id) => document.getElementById(id);
  const caption = (...children) => make("p", "caption", ...children);
  const nothing = (text, good) => make("p", good ? "nothing good" : "nothing", make("span", "", text));

  /** A section's heading with its caption on the left, and its controls, if any, on the right. */
  function head(place, text, controls) {
    const row = make("div", "head-row", make("div", "", place.querySelector("h2"), caption(text)), controls);
    place.prepend(row);
  }

  function fold(title, ...children) {
    return make("details", "", make("summary", "", title), ...children);
  }

  function table(className, heads, rows, cell) {
    const headRow = make(
      "tr",
      "",
      ...heads.map((name) => {
        const th = make("th", "", name);
        th.scope = "col";
        return th;
      }),
    );
    const body = rows.map((row, r) => make("tr", "", ...row.map((value, c) => cell(value, c, r))));
    const element = make("table", className, make("thead", "", headRow), make("tbody", "", ...body));
    const frame = make("div", "table-frame", element);
    frame.tabIndex = 0;
    return frame;
  }

  /** A list of bars. rows: {name, parts: [[value, class]], number, note} */
  function bars(rows, many) {
    const largest = Math.max(...rows.map((row) => row.parts.reduce((sum, [value]) => sum + value, 0)), 1e-12);
    const longest = (part) => Math.max(...rows.map((row) => row[part]?.length ?? 0));
    const list = make("ul", many ? "bars many" : "bars");
    for (const row of rows) {
      const track = make("span", "track");
      track.setAttribute("aria-hidden", "true");
      for (const [value, className] of row.parts) {
        if (value <= 0) continue;
        const fill = make("span", "fill " + className);
        fill.style.width = `max(${(100 * value) / largest}%, 1px)`;
        track.append(fill);
      }
      const note = longest("note") > 0 ? make("span", "note", row.note) : undefined;
      list.append(make("li", "", foreign(row.name, "clip"), track, make("span", "number", row.number), note));
    }
    // One width in all rows, so that the bars end at the same place.
    for (const part of ["number", "note"]) list.style.setProperty("--" + part, `${longest(part)}ch`);
    list.style.setProperty("--name", `${Math.min(longest("name"), 20)}ch`);
    return list;
  }

  /** A toggle of two or more buttons; calls back with the index chosen. */
  function choice(title, names, chosen) {
    const group = make("div", "choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", title);
    names.forEach((name, index) => {
      const button = make("button", "", name);
      button.type = "button";
      button.setAttribute("aria-pressed", String(index === 0));
      button.addEventListener("click", () => {
        [...group.children].forEach((other, i) => other.setAttribute("aria-pressed", String(i === index)));
        chosen(index);
      });
      group.append(button);
    });
    return group;
  }

  /** A function from a label's number to its name; the number after the last is that of all other labels. */
  function labelNamer({ names, other }) {
    return (index) =>
      index === names.length ? `other (${plural(other.labels, "label")})` : names[index] || "(no label)";
  }

  return {
    count,
    plural,
    seconds,
    bytes,
    rate,
    number,
    percent,
    share,
    make,
    foreign,
    section,
    caption,
    nothing,
    head,
    fold,
    table,
    bars,
    choice,
    labelNamer,
  };
})();
