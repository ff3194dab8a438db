// Builds the page from the JSON in #data. Every text from outside is set as text, never as HTML.
(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const { run, labels, components, points } = data;
  const { percent } = pomonaCharts;
  const otherLabel = labels.names.length;
  const charts = [];

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

  /** What the run's options, else its plan, else the run itself say under a name. */
  function setting(name) {
    for (const place of [run.options, run.plan, run]) {
      for (const key of [name, name.replaceAll("_", "-")]) {
        const value = place?.[key];
        if (value !== undefined && value !== null && value !== "") return value;
      }
    }
    return undefined;
  }

  function labelName(index) {
    if (index === otherLabel) return `other (${plural(labels.other.labels, "label")})`;
    return labels.names[index] || "(no label)";
  }

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
    const headRow = make("tr", "", ...heads.map((name) => {
      const th = make("th", "", name);
      th.scope = "col";
      return th;
    }));
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

  // Plots: drawn again when the colour scheme changes, resized with the page, as pictures on paper.

  function addChart(frame, title, option) {
    const place = make("div", "chart");
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", title);
    const image = make("img", "print-image");
    image.alt = title;
    frame.classList.add("chart-frame");
    frame.append(place, image);
    const chart = echarts.init(place);
    const entry = { chart, image, option, place };
    chart.setOption(option(true));
    new ResizeObserver(() => place.clientWidth > 0 && chart.resize()).observe(place);
    charts.push(entry);
    return entry;
  }

  function redraw() {
    for (const { chart, option } of charts) chart.setOption(option(false), { replaceMerge: ["series"] });
  }

  function drawForPaper() {
    root.dataset.print = "1";
    for (const { option, image } of charts) {
      const place = make("div", "");
      place.style.cssText = "position:fixed;left:-2000px;width:960px;height:520px";
      document.body.append(place);
      const chart = echarts.init(place);
      chart.setOption({ ...option(false), animation: false });
      image.src = chart.getDataURL({ pixelRatio: 2, backgroundColor: "#ffffff" });
      chart.dispose();
      place.remove();
    }
  }

  // Sections

  function showHead() {
    const input = setting("input");
    const extractor = setting("extractor");
    const images = run.images_ok ?? labels.images.reduce((sum, value) => sum + value, labels.other.images);
    const labelCount = labels.names.length + labels.other.labels;
    section("title").replaceChildren(input === undefined ? "Report" : foreign(String(input)));
    section("title").classList.toggle("long", String(input ?? "").length > 64);
    document.title = input === undefined ? "Pomona report" : `${input} \u00b7 Pomona report`;

    const size = imageSize();
    const lead = [plural(images, "image"), plural(labelCount, "label")];
    if (extractor !== undefined) lead.push(String(extractor?.name ?? extractor));
    if (size) lead.push(`${size} pixels`);
    section("lead").replaceChildren(...lead.flatMap((part, i) => (i ? [" \u00b7 ", foreign(part)] : [foreign(part)])));

    const version = run.versions?.pomona;
    if (version) section("footer").prepend(`Made by Pomona ${version}. `);
  }

  function imageSize() {
    const { image_width: width, image_height: height } = run.plan ?? {};
    if (width > 0 && height > 0) return `${width} \u00d7 ${height}`;
    const size = String(setting("image_size") ?? "");
    return size.includes("x") ? size.replace("x", " \u00d7 ") : size && `${size} \u00d7 ${size}`;
  }

  /** [[stage, seconds]] in the order in which they ran. */
  function stageSeconds() {
    const pairs = Object.entries(run.seconds ?? {});
    return pairs.filter(([name, value]) => typeof value === "number" && name !== "total");
  }

  function totalSeconds() {
    return run.seconds?.total ?? stageSeconds().reduce((sum, [, value]) => sum + value, 0);
  }

  function showFacts() {
    const add = (name, value, unit, more, alert) => {
      const number = make("span", "value", value, unit ? make("span", "unit", unit) : undefined);
      section("facts").append(make("li", alert ? "alert" : "", make("span", "name", name), number,
        more ? make("span", "more", more) : undefined));
    };
    const ok = run.images_ok ?? labels.images.reduce((sum, value) => sum + value, labels.other.images);
    const listed = run.images_listed ?? ok + data.quarantined;
    add("Images", count(ok), "", `of ${count(listed)} listed`);
    add("Quarantined", count(data.quarantined), "",
      data.quarantined > 0 && listed > 0 ? `${share(data.quarantined / listed)} of those listed` : "every image was read",
      data.quarantined > 0);
    if (run.images_per_second > 0) {
      const threads = run.threads;
      add("Speed", rate(run.images_per_second), "images/s", threads > 0 ? `on ${plural(threads, "thread")}` : "");
    }
    const total = totalSeconds();
    if (total > 0) {
      const longest = stageSeconds().sort((a, b) => b[1] - a[1])[0];
      const more = longest && longest[1] > 0 ? `${percent(longest[1] / total, 0)} of it: ${longest[0]}` : "";
      add("Time", ...seconds(total), more);
    }
    if (run.peak_rss_bytes > 0) add("Peak memory", ...bytes(run.peak_rss_bytes), "resident");
    if (components.total > 0) {
      add("Variance kept", percent(components.cumulative[components.kept - 1] ?? 0).replace("\u00a0%", ""), "%",
        `in ${plural(components.kept, "component")}`);
    }
  }

  const share = (value) => (value < 0.0001 ? "under 0.01\u00a0%" : percent(value, value < 0.01 ? 2 : 1));

  function showMessages() {
    if (data.messages.length === 0) return;
    const list = make("ul", "messages", ...data.messages.map((text) => make("li", "", foreign(text))));
    if (data.messages_left_out > 0) list.append(make("li", "", `and ${count(data.messages_left_out)} more`));
    section("messages").append(list);
    section("messages").hidden = false;
  }

  const noFit = "The fit was skipped, so there are no components: it needs at least two good images.";

  function showMap() {
    const place = section("map");
    const total = points.x.length;
    if (total === 0) {
      place.append(nothing(components.total === 0 ? noFit : "No image was projected."));
      return;
    }
    const from = Math.max(data.rows_projected, total);
    const withThumbnail = data.thumbnails.filter(Boolean).length;
    let text = total < from
      ? `${count(total)} of ${plural(from, "image")}, a sample spread over the labels. `
      : `${["", "The one image", "Both images"][total] ?? `All ${plural(total, "image")}`}. `;
    text += "Near each other means alike to the network, as far as two components tell.";
    if (withThumbnail > 0 && withThumbnail < data.thumbnails_made) {
      text += ` ${count(withThumbnail)} points have a picture; more would make this file too large.`;
    }

    const picked = new Set();
    const axisNames = [0, 1].map((i) => {
      const ratio = components.ratio[i];
      return `component ${i + 1}` + (typeof ratio === "number" ? ` (${percent(ratio)} of the variance)` : "");
    });
    if (components.kept === 1) axisNames[1] = "only one component is kept";
    const plot = make("div", "map-plot");
    const legend = make("div", "legend");
    place.append(make("div", "map-body", plot, legend));
    const title = `Scatter plot of ${plural(total, "image")} by the first two components, coloured by label`;
    const entry = addChart(plot, title, (animate) =>
      pomonaCharts.mapOption({ points, labelCount: otherLabel, axisNames, picked, describe: describePoint, animate }));
    head(place, text, zoomTools(entry.chart));
    buildLegend(legend, picked, entry);
  }

  function describePoint(index) {
    const label = points.label[index];
    const words = make("div", "",
      make("div", "label", pomonaCharts.glyph(label, label === otherLabel),
        foreign(label === otherLabel ? points.other_names[index] || "(no label)" : labelName(label))),
      make("div", "path", foreign(points.path[index])),
      make("div", "numbers", `${pomonaCharts.number(points.x[index])}, ${pomonaCharts.number(points.y[index])}`));
    const tip = make("div", "tip");
    if (data.thumbnails[index]) {
      const picture = make("img");
      picture.src = "data:image/jpeg;base64," + data.thumbnails[index];
      picture.alt = "";
      tip.append(picture);
    }
    tip.append(words);
    return tip;
  }

  function zoomTools(chart) {
    const tools = make("div", "tools");
    tools.setAttribute("role", "group");
    tools.setAttribute("aria-label", "Zoom");
    const windowOf = (i) => {
      const zoom = chart.getOption().dataZoom[i];
      return [zoom.start, zoom.end];
    };
    const zoomBy = (factor) => {
      const batch = [0, 1].map((i) => {
        const [start, end] = windowOf(i);
        const half = Math.min(50, ((end - start) / 2) * factor);
        const middle = Math.min(100 - half, Math.max(half, (start + end) / 2));
        return { dataZoomIndex: i, start: middle - half, end: middle + half };
      });
      chart.dispatchAction({ type: "dataZoom", batch });
    };
    const button = (text, title, action) => {
      const element = make("button", "", text);
      element.type = "button";
      element.title = title;
      element.setAttribute("aria-label", title);
      element.addEventListener("click", action);
      tools.append(element);
      return element;
    };
    button("+", "Zoom in (or Ctrl and wheel, or pinch); then drag to move", () => zoomBy(0.6));
    const out = button("\u2212", "Zoom out", () => zoomBy(1 / 0.6));
    const reset = button("Reset", "Show all points",
      () => chart.dispatchAction({ type: "dataZoom", batch: [0, 1].map((i) => ({ dataZoomIndex: i, start: 0, end: 100 })) }));
    const update = () => {
      const zoomed = [0, 1].some((i) => windowOf(i)[1] - windowOf(i)[0] < 99.9);
      out.disabled = reset.disabled = !zoomed;
      // A finger or a mouse moves the page until there is something to move in the plot.
      chart.setOption({ dataZoom: [0, 1].map((i) => ({ id: "zoom" + i, moveOnMouseMove: zoomed, preventDefaultMouseMove: zoomed })) });
    };
    chart.on("datazoom", update);
    update();
    return tools;
  }

  function buildLegend(legend, picked, entry) {
    const counts = new Array(otherLabel + 1).fill(0);
    points.label.forEach((label) => ++counts[label]);
    const shown = counts.map((_, i) => i).filter((i) => counts[i] > 0);
    const others = shown.includes(otherLabel) ? 1 : 0;
    const named = plural(shown.length - others, "label") + (others ? " and others" : "");
    const status = make("span", "");
    status.setAttribute("aria-live", "polite");
    const all = make("button", "quiet", "Show all");
    all.type = "button";
    const list = make("ul", "");
    const buttons = new Map();

    const update = () => {
      status.textContent = picked.size === 0
        ? `${named}${shown.length > 1 ? "; click to single out" : ""}`
        : `${count(picked.size)} of ${named}`;
      all.hidden = picked.size === 0;
      for (const [label, button] of buttons) {
        button.setAttribute("aria-pressed", String(picked.has(label)));
        button.classList.toggle("faded", picked.size > 0 && !picked.has(label));
      }
      entry.chart.setOption({ series: entry.option(false).series });
    };
    const fill = () => {
      buttons.clear();
      list.replaceChildren(...shown.map((label) => {
        const button = make("button", "", pomonaCharts.glyph(label, label === otherLabel),
          foreign(labelName(label), "clip"), make("span", "count", count(counts[label])));
        button.type = "button";
        button.setAttribute("aria-pressed", String(picked.has(label)));
        button.addEventListener("click", () => {
          picked.has(label) ? picked.delete(label) : picked.add(label);
          if (picked.size === shown.length) picked.clear();
          update();
        });
        const highlight = (type) => entry.chart.dispatchAction({ type, seriesId: String(label) });
        button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && highlight("highlight"));
        button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && highlight("downplay"));
        buttons.set(label, button);
        return make("li", "", button);
      }));
    };
    all.addEventListener("click", () => {
      picked.clear();
      update();
    });

    legend.append(make("div", "legend-head", status, all));
    if (shown.length > 12) legend.append(legendFilter(list));
    const scroller = make("div", "legend-list", list);
    legend.append(scroller);
    fill();
    update();
    entry.refill = () => {
      fill();
      update();
    };
  }

  function legendFilter(list) {
    const input = make("input");
    input.type = "search";
    input.placeholder = "Find a label";
    input.setAttribute("aria-label", "Find a label in the legend");
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
    });
    return input;
  }

  function showScree() {
    const place = section("scree");
    if (components.total === 0) {
      place.append(nothing(noFit));
      return;
    }
    const needed = components.cumulative.findIndex((value) => value >= 0.95) + 1;
    const last = components.cumulative[components.cumulative.length - 1] ?? 0;
    const kept = components.cumulative[components.kept - 1] ?? 0;
    const reach = needed > 0
      ? `${percent(0.95, 0)} takes ${plural(needed, "component")}, and there are ${count(components.total)}.`
      : `The ${plural(components.total, "component")} computed reach ${percent(last)}, not ${percent(0.95, 0)}.`;
    place.append(caption(
      make("b", "", plural(components.kept, "component")), components.kept === 1 ? " is kept and holds " : " are kept and hold ",
      make("b", "", percent(kept)), " of the variance. ", reach));
    const title = `Scree plot: ${section("scree").textContent}`;
    const frame = make("div", "");
    place.append(frame);
    addChart(frame, title, (animate) =>
      pomonaCharts.screeOption({ components, needed, animate, narrow: frame.clientWidth < 480 }));
    place.append(screeKeys(), fold("As a table", screeTable()));
  }

  function screeKeys() {
    const key = (className, colour, text) => {
      const sample = make("i", className);
      if (colour) sample.style.background = `var(--${colour})`;
      return make("li", "", sample, text);
    };
    const keys = make("ul", "keys", key("", "accent", "kept"));
    if (components.total > components.kept) keys.append(key("", "muted", "not kept"));
    keys.append(key("stroke", "line-strong", "together"), key("dash", "", "95\u00a0%"));
    return keys;
  }

  function screeTable() {
    const rows = components.ratio.slice(0, 200).map((ratio, i) => [
      count(i + 1), percent(ratio ?? 0, 2), percent(components.cumulative[i] ?? 0, 2), i < components.kept ? "yes" : "no"]);
    const frame = table("", ["Component", "Share", "Together", "Kept"], rows, (value) => make("td", "", value));
    if (components.total <= rows.length) return frame;
    return make("div", "", frame, caption(
      `The first ${count(rows.length)} of ${count(components.total)}; all of them are in explained_variance.csv.`));
  }

  function showStages() {
    const stages = stageSeconds();
    const place = section("stages");
    if (stages.length === 0) {
      place.append(nothing("No times were recorded."));
      return;
    }
    const total = totalSeconds();
    place.append(caption(`${seconds(total).join("\u00a0")} in all.`));
    place.append(bars(stages.map(([name, value]) => ({
      name: String(name).replaceAll("_", " "),
      parts: [[value, ""]],
      number: seconds(value).join("\u00a0"),
      note: value / total >= 0.005 ? `${Math.round((100 * value) / total)}\u00a0%` : "",
    }))));
  }

  function showLabels() {
    const rows = labels.names.map((_, i) => ({ index: i, ok: labels.images[i], bad: labels.quarantined[i] }));
    const place = section("labels");
    if (rows.length === 0) {
      place.append(nothing("No image was found."));
      return;
    }
    if (labels.other.labels > 0) rows.push({ index: otherLabel, ok: labels.other.images, bad: labels.other.quarantined });
    const counts = labels.images.slice().sort((a, b) => a - b);
    const middle = counts[Math.floor(counts.length / 2)];
    let text = rows.length === 1 ? "" : counts[0] === counts[counts.length - 1] && labels.other.labels === 0
      ? `${count(counts[0])} in each of ${plural(rows.length, "label")}. `
      : `From ${count(counts[0])} to ${count(counts[counts.length - 1])}, median ${count(middle)}. `;
    if (labels.other.labels > 0) {
      text = `The ${count(otherLabel)} largest of ${plural(otherLabel + labels.other.labels, "label")}; ` +
        "the others are counted together. " + text;
    }
    if (rows.some((row) => row.bad > 0)) text += "Striped: quarantined.";

    const frame = make("div", rows.length > 60 ? "scroll" : "");
    if (rows.length > 60) frame.tabIndex = 0;
    const fill = (byCount) => {
      const sorted = rows.slice();
      if (byCount) sorted.sort((a, b) => (a.index === otherLabel) - (b.index === otherLabel) || b.ok + b.bad - a.ok - a.bad);
      // "other" sums many labels: its bar would make all the rest vanish.
      frame.replaceChildren(bars(sorted.map((row) => ({
        name: labelName(row.index),
        parts: row.index === otherLabel ? [] : [[row.ok, ""], [row.bad, "bad"]],
        number: count(row.ok),
        note: row.bad > 0 ? `+\u00a0${count(row.bad)}` : "",
      })), rows.length > 12));
    };
    const order = choice("Order of the labels", ["By name", "By count"], (index) => fill(index === 1));
    head(place, text, rows.length > 2 ? order : undefined);
    place.append(frame);
    fill(false);
  }

  const codeMeanings = {
    empty: "files of zero bytes",
    "unknown-format": "not an image in a known format",
    corrupt: "the image data are damaged",
    truncated: "the file ends before the image does",
    "too-large": "more pixels than --max-image-pixels allows",
    unsupported: "a variant of the format that is not read",
    unreadable: "the file could not be opened or read",
    "non-finite": "a feature is not a number",
  };

  function showQuarantine() {
    const place = section("quarantine");
    if (data.quarantined === 0) {
      place.append(nothing("Nothing was quarantined: every listed image was read.", true));
      return;
    }
    const rows = data.failures;
    place.append(caption(rows.length < data.quarantined
      ? `The first ${count(rows.length)} of ${plural(data.quarantined, "image")}; the other ` +
        `${count(data.quarantined - rows.length)} are in quarantine.parquet beside this file.`
      : `${plural(data.quarantined, "image")} left out of the features, and why. quarantine.parquet has them too.`));
    place.append(make("ul", "codes", ...data.failures_by_code.map(([code, images]) =>
      make("li", "", make("b", "", count(images)), make("span", "", make("span", "tag", code)),
        codeMeanings[code] ? make("span", "more", codeMeanings[code]) : undefined))));
    if (rows.length === 0) return;
    place.append(table("failures", ["Code", "Image", "Label", "What was wrong"], rows, (value, column) =>
      make("td", "", column === 0 ? make("span", "tag", value) : foreign(value, column === 1 ? "mono" : ""))));
  }

  /** Nested JSON as rows "a.b.c: value". */
  function flatten(value, name, rows) {
    const simple = value === null || typeof value !== "object";
    if (simple || (Array.isArray(value) && value.every((one) => one === null || typeof one !== "object"))) {
      rows.push([name, Array.isArray(value) ? value.join(", ") : String(value ?? "\u2013")]);
      return;
    }
    for (const [key, member] of Object.entries(value)) flatten(member, name ? `${name}.${key}` : key, rows);
  }

  function showDetails() {
    const place = section("details");
    const known = [["options", "Options"], ["plan", "Plan"], ["versions", "Versions"]];
    const rest = Object.fromEntries(Object.entries(run).filter(([key]) => !known.some(([name]) => name === key)));
    for (const [value, title] of [...known.map(([key, name]) => [run[key], name]), [rest, "Everything else in run.json"]]) {
      const rows = [];
      if (value !== undefined && value !== null) flatten(value, "", rows);
      if (rows.length === 0) continue;
      const body = rows.map(([name, text]) => {
        const th = make("th", "mono", name);
        th.scope = "row";
        return make("tr", "", th, make("td", "mono", foreign(text)));
      });
      place.append(fold(title, make("div", "table-frame", make("table", "settings", make("tbody", "", ...body)))));
    }
    if (place.children.length === 1) place.append(nothing("run.json was empty."));
  }

  // One part that fails must not take the others with it.
  let failed = 0;
  for (const show of [showHead, showFacts, showMessages, showMap, showScree, showStages, showLabels, showQuarantine, showDetails]) {
    try {
      show();
    } catch (error) {
      ++failed;
      console.error(error);
    }
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    redraw();
    charts.forEach((entry) => entry.refill?.());
  });
  addEventListener("beforeprint", drawForPaper);
  addEventListener("afterprint", () => delete root.dataset.print);

  // For tests: what was drawn.
  root.dataset.points = String(points.x.length);
  root.dataset.components = String(components.ratio.length);
  root.dataset.charts = String(charts.length);
  root.dataset.failed = String(failed);
  root.dataset.ready = "true";
})();
