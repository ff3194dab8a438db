// Builds the page from the JSON in #data, section by section.
"use strict";

(() => {
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById("data").textContent);
  const { run, labels, components, points } = data;
  const { count, plural, seconds, bytes, rate, percent, share } = pomonaPage;
  const { make, foreign, section, caption, nothing, head, fold, table, bars, choice, labelNamer } = pomonaPage;
  const otherLabel = labels.names.length;
  const labelName = labelNamer(labels);
  const charts = [];

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
      const still = option(false);
      for (const zoom of still.dataZoom) zoom.show = false;
      chart.setOption(still);
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
      section("facts").append(
        make(
          "li",
          alert ? "alert" : "",
          make("span", "name", name),
          number,
          more ? make("span", "more", more) : undefined,
        ),
      );
    };
    const ok = run.images_ok ?? labels.images.reduce((sum, value) => sum + value, labels.other.images);
    const listed = run.images_listed ?? ok + data.quarantined;
    const skipped = Object.values(run.files_skipped ?? {}).reduce((sum, value) => sum + value, 0);
    add(
      "Images",
      count(ok),
      "",
      `of ${count(listed)} listed${skipped > 0 ? `, ${plural(skipped, "file")} skipped by name` : ""}`,
    );
    add(
      "Quarantined",
      count(data.quarantined),
      "",
      data.quarantined > 0 && listed > 0
        ? `${share(data.quarantined / listed)} of those listed`
        : "every image was read",
      data.quarantined > 0,
    );
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
    if (run.peak_rss_bytes > 0) add("Peak memory", ...bytes(run.peak_rss_bytes), "resident, up to this page");
    if (components.total > 0) {
      add(
        "Variance kept",
        percent(components.cumulative[components.kept - 1] ?? 0).replace("\u00a0%", ""),
        "%",
        `in ${plural(components.kept, "component")}`,
      );
    }
  }

  function showMessages() {
    if (data.messages.length === 0) return;
    const list = make("ul", "messages", ...data.messages.map((text) => make("li", "", foreign(text))));
    if (data.messages_left_out > 0) list.append(make("li", "", `and ${count(data.messages_left_out)} more`));
    section("messages").append(list);
    section("messages").hidden = false;
  }

  const noFit =
    {
      features: "There are no components: pomona fit makes them of the features.",
      apply: "The components are those of the saved model; the report of its own run shows them.",
    }[run.command] ?? "The fit was skipped, so there are no components: it needs at least two good images.";

  function showScree() {
    const place = section("scree");
    if (components.total === 0) {
      place.append(nothing(noFit));
      return;
    }
    const needed = components.cumulative.findIndex((value) => value >= 0.95) + 1;
    const last = components.cumulative[components.cumulative.length - 1] ?? 0;
    const kept = components.cumulative[components.kept - 1] ?? 0;
    const reach =
      needed > 0
        ? `${percent(0.95, 0)} takes ${plural(needed, "component")}, and there are ${count(components.total)}.`
        : `The ${plural(components.total, "component")} computed reach ${percent(last)}, not ${percent(0.95, 0)}.`;
    place.append(
      caption(
        make("b", "", plural(components.kept, "component")),
        components.kept === 1 ? " is kept and holds " : " are kept and hold ",
        make("b", "", percent(kept)),
        " of the variance. ",
        reach,
      ),
    );
    const title = `Scree plot: ${section("scree").textContent}`;
    const frame = make("div", "");
    place.append(frame);
    addChart(frame, title, (animate) =>
      pomonaCharts.screeOption({ components, needed, animate, narrow: frame.clientWidth < 480 }),
    );
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
    const rows = components.ratio
      .slice(0, 200)
      .map((ratio, i) => [
        count(i + 1),
        percent(ratio ?? 0, 2),
        percent(components.cumulative[i] ?? 0, 2),
        i < components.kept ? "yes" : "no",
      ]);
    const frame = table("", ["Component", "Share", "Together", "Kept"], rows, (value) => make("td", "", value));
    if (components.total <= rows.length) return frame;
    return make(
      "div",
      "",
      frame,
      caption(
        `The first ${count(rows.length)} of ${count(components.total)}; all of them are in explained_variance.csv.`,
      ),
    );
  }

  function showStages() {
    const stages = stageSeconds();
    const place = section("stages");
    if (stages.length === 0) {
      place.append(nothing("No times were recorded."));
      return;
    }
    const total = totalSeconds();
    place.append(caption(`${seconds(total).join("\u00a0")} in all, up to the writing of this page.`));
    place.append(
      bars(
        stages.map(([name, value]) => ({
          name: String(name).replaceAll("_", " "),
          parts: [[value, ""]],
          number: seconds(value).join("\u00a0"),
          note: value / total >= 0.005 ? `${Math.round((100 * value) / total)}\u00a0%` : "",
        })),
      ),
    );
  }

  function showLabels() {
    const rows = labels.names.map((_, i) => ({ index: i, ok: labels.images[i], bad: labels.quarantined[i] }));
    const place = section("labels");
    if (rows.length === 0) {
      place.append(nothing("No image was found."));
      return;
    }
    if (labels.other.labels > 0)
      rows.push({ index: otherLabel, ok: labels.other.images, bad: labels.other.quarantined });
    const counts = labels.images.slice().sort((a, b) => a - b);
    const middle = counts[Math.floor(counts.length / 2)];
    let text =
      rows.length === 1
        ? ""
        : counts[0] === counts[counts.length - 1] && labels.other.labels === 0
          ? `${count(counts[0])} in each of ${plural(rows.length, "label")}. `
          : `From ${count(counts[0])} to ${count(counts[counts.length - 1])}, median ${count(middle)}. `;
    if (labels.other.labels > 0) {
      text =
        `The ${count(otherLabel)} largest of ${plural(otherLabel + labels.other.labels, "label")}; ` +
        "the others are counted together. " +
        text;
    }
    if (rows.some((row) => row.bad > 0)) text += "Striped: quarantined.";

    const frame = make("div", rows.length > 60 ? "scroll" : "");
    if (rows.length > 60) frame.tabIndex = 0;
    const fill = (byCount) => {
      const sorted = rows.slice();
      if (byCount)
        sorted.sort((a, b) => (a.index === otherLabel) - (b.index === otherLabel) || b.ok + b.bad - a.ok - a.bad);
      // "other" sums many labels: its bar would make all the rest vanish.
      frame.replaceChildren(
        bars(
          sorted.map((row) => ({
            name: labelName(row.index),
            parts:
              row.index === otherLabel
                ? []
                : [
                    [row.ok, ""],
                    [row.bad, "bad"],
                  ],
            number: count(row.ok),
            note: row.bad > 0 ? `+\u00a0${count(row.bad)}` : "",
          })),
          rows.length > 12,
        ),
      );
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
    "too-large": "more pixels or bytes than are allowed",
    "too-slow": "decoding took longer than --image-timeout",
    unsupported: "a variant of the format that is not read",
    unreadable: "the file could not be opened or read",
    changed: "the file changed after it was listed",
    missing: "the file was listed and is gone",
    "non-finite": "a feature is not a number",
  };

  function showQuarantine() {
    const place = section("quarantine");
    if (data.quarantined === 0) {
      place.append(nothing("Nothing was quarantined: every listed image was read.", true));
      return;
    }
    const rows = data.failures;
    place.append(
      caption(
        rows.length < data.quarantined
          ? `The first ${count(rows.length)} of ${plural(data.quarantined, "image")}; the other ` +
              `${count(data.quarantined - rows.length)} are in quarantine.parquet beside this file.`
          : `${plural(data.quarantined, "image")} left out of the features, and why. quarantine.parquet has them too.`,
      ),
    );
    place.append(
      make(
        "ul",
        "codes",
        ...data.failures_by_code.map(([code, images]) =>
          make(
            "li",
            "",
            make("b", "", count(images)),
            make("span", "", make("span", "tag", code)),
            codeMeanings[code] ? make("span", "more", codeMeanings[code]) : undefined,
          ),
        ),
      ),
    );
    if (rows.length === 0) return;
    place.append(
      table("failures", ["Code", "Image", "Label", "What was wrong"], rows, (value, column) =>
        make("td", "", column === 0 ? make("span", "tag", value) : foreign(value, column === 1 ? "mono" : "")),
      ),
    );
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
    const known = [
      ["options", "Options"],
      ["plan", "Plan"],
      ["versions", "Versions"],
    ];
    const rest = Object.fromEntries(Object.entries(run).filter(([key]) => !known.some(([name]) => name === key)));
    for (const [value, title] of [
      ...known.map(([key, name]) => [run[key], name]),
      [rest, "Everything else in run.json"],
    ]) {
      const rows = [];
      if (value !== undefined && value !== null) flatten(value, "", rows);
      if (rows.length === 0) continue;
      const body = rows.map(([name, text]) => {
        const th = make("th", "mono", name);
        th.scope = "row";
        return make("tr", "", th, make("td", "mono", foreign(text)));
      });
      const folded = fold(title, make("div", "table-frame", make("table", "settings", make("tbody", "", ...body))));
      folded.name = "details"; // one is open at a time
      place.append(folded);
    }
    if (place.children.length === 1) place.append(nothing("run.json was empty."));
  }

  // One part that fails must not take the others with it.
  let failed = 0;
  for (const show of [
    showHead,
    showFacts,
    showMessages,
    () => pomonaMap(data, noFit, addChart),
    showScree,
    showStages,
    showLabels,
    showQuarantine,
    showDetails,
  ]) {
    try {
      show();
    } catch (error) {
      ++failed;
      console.error(error);
    }
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    redraw();
    charts.forEach((entry) => entry.recoloured?.());
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
