// The map of the images: its caption, plot, tooltip, zoom and legend.
"use strict";

/** data: the page's data; noFit: what to say without components; addChart: see report.js. */
function pomonaMap(data, noFit, addChart) {
  const { labels, components, points } = data;
  const { count, plural, number, percent, make, foreign, section, nothing, head, labelNamer } = pomonaPage;
  const otherLabel = labels.names.length;
  const labelName = labelNamer(labels);

  function showMap() {
    const place = section("map");
    const total = points.x.length;
    if (total === 0) {
      place.append(nothing(components.total === 0 ? noFit : "No image was projected."));
      return;
    }
    const from = Math.max(data.rows_projected, total);
    const withThumbnail = data.thumbnails.filter(Boolean).length;
    let text =
      total < from
        ? `${count(total)} of ${plural(from, "image")}, a sample spread over the labels. `
        : `${["", "The one image", "Both images"][total] ?? `All ${plural(total, "image")}`}. `;
    text += "Near each other means alike in their features, as far as two components tell.";
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
      pomonaCharts.mapOption({
        points,
        labelCount: otherLabel,
        axisNames,
        picked,
        describe: describePoint,
        animate,
        narrow: plot.clientWidth < 480,
      }),
    );
    const zoom = zoomTools(entry.chart);
    head(place, text, zoom.tools);
    const drawLegend = buildLegend(legend, picked, entry);
    entry.recoloured = () => {
      drawLegend();
      zoom.update();
    };
  }

  function describePoint(index) {
    const label = points.label[index];
    const words = make(
      "div",
      "",
      make(
        "div",
        "label",
        pomonaCharts.glyph(label, label === otherLabel),
        foreign(label === otherLabel ? points.other_names[index] || "(no label)" : labelName(label)),
      ),
      make("div", "path", foreign(points.path[index])),
      make("div", "numbers", `${number(points.x[index])}, ${number(points.y[index])}`),
    );
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

  /** Buttons for the zoom, and a function that matches them and the plot to it. */
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
    const reset = button("Reset", "Show all points", () =>
      chart.dispatchAction({ type: "dataZoom", batch: [0, 1].map((i) => ({ dataZoomIndex: i, start: 0, end: 100 })) }),
    );
    const update = () => {
      const zoomed = [0, 1].some((i) => windowOf(i)[1] - windowOf(i)[0] < 99.9);
      out.disabled = reset.disabled = !zoomed;
      // A finger or a mouse moves the page until there is something to move in the plot.
      chart.setOption({
        dataZoom: [0, 1].map((i) => ({ id: "zoom" + i, moveOnMouseMove: zoomed, preventDefaultMouseMove: zoomed })),
      });
    };
    chart.on("datazoom", update);
    update();
    return { tools, update };
  }

  /** A button that singles a label out. */
  function legendButton(label, images, entry, pressed) {
    const button = make(
      "button",
      "",
      pomonaCharts.glyph(label, label === otherLabel),
      foreign(labelName(label), "clip"),
      make("span", "count", count(images)),
    );
    button.type = "button";
    button.addEventListener("click", () => pressed(label));
    const highlight = (type) => entry.chart.dispatchAction({ type, seriesId: String(label) });
    button.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && highlight("highlight"));
    button.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && highlight("downplay"));
    return button;
  }

  /** The legend, which also chooses the labels in colour. Returns a function that draws it again in new colours. */
  function buildLegend(place, picked, entry) {
    const counts = new Array(otherLabel + 1).fill(0);
    points.label.forEach((label) => ++counts[label]);
    const shown = counts.map((_, i) => i).filter((i) => counts[i] > 0);
    const others = shown.includes(otherLabel) ? 1 : 0;
    const named = plural(shown.length - others, "label") + (others ? " and others" : "");
    const hint = shown.length > 1 && !others ? "; click to single out" : "";
    const status = make("span", "");
    status.setAttribute("aria-live", "polite");
    const all = make("button", "quiet", "Show all");
    all.type = "button";
    const list = make("ul", "");
    const buttons = new Map();

    const update = () => {
      status.textContent = picked.size === 0 ? named + hint : `${count(picked.size)} of ${named}`;
      all.hidden = picked.size === 0;
      for (const [label, button] of buttons) {
        button.setAttribute("aria-pressed", String(picked.has(label)));
        button.classList.toggle("faded", picked.size > 0 && !picked.has(label));
      }
      entry.chart.setOption({ series: entry.option(false).series });
    };
    const pressed = (label) => {
      if (!picked.delete(label)) picked.add(label);
      if (picked.size === shown.length) picked.clear();
      update();
    };
    const fill = () => {
      for (const label of shown) buttons.set(label, legendButton(label, counts[label], entry, pressed));
      list.replaceChildren(...shown.map((label) => make("li", "", buttons.get(label))));
      update();
    };
    all.addEventListener("click", () => {
      picked.clear();
      update();
    });

    place.append(make("div", "legend-head", status, all));
    if (shown.length > 12) place.append(legendFilter(list));
    place.append(make("div", "legend-list", list));
    fill();
    return fill;
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

  showMap();
}
