// The two plots of the report: the map of the projection and the scree plot. report.js decides what they show.
"use strict";

const pomonaCharts = (() => {
  const { number, percent } = pomonaPage;

  // Eight hues after Okabe and Ito, told apart with every common kind of colour blindness; one set for each background.
  const hues = {
    light: ["#0072b2", "#d55e00", "#009e73", "#b8559a", "#3d9bd6", "#c98600", "#4a4f4c", "#8a7a00"],
    dark: ["#4fa9ea", "#ff8548", "#33c79c", "#ea9bcb", "#9ad7ff", "#ffc14f", "#d3d8d4", "#efe25a"],
  };

  // Shapes in a square of 20 x 20; the legend and the plot draw the same ones. Colours come round every 8 labels, shapes
  // every 48, and filled shapes turn hollow after that.
  const shapes = [
    "M10 2a8 8 0 1 1 0 16a8 8 0 1 1 0-16Z",
    "M10 1.5L19 17.5H1Z",
    "M3 3H17V17H3Z",
    "M10 .5L19.5 10L10 19.5L.5 10Z",
    "M7 1H13V7H19V13H13V19H7V13H1V7H7Z",
    "M10 18.5L1 2.5H19Z",
  ];
  const plotSymbols = ["circle", "triangle", "rect", "diamond", "path://" + shapes[4], "path://" + shapes[5]];

  const isDark = () => !document.documentElement.dataset.print && matchMedia("(prefers-color-scheme: dark)").matches;
  const colour = (name) =>
    getComputedStyle(document.documentElement)
      .getPropertyValue("--" + name)
      .trim();

  /** How label number `index` is marked. The label "other" has no colour of its own. */
  function mark(index, isOther) {
    const hue = isOther ? colour("muted") : hues[isDark() ? "dark" : "light"][index % 8];
    const shape = isOther ? 0 : Math.floor(index / 8) % shapes.length;
    return { hue, shape, hollow: !isOther && Math.floor(index / 48) % 2 === 1 };
  }

  /** An SVG of a label's mark for the legend and the tooltip. */
  function glyph(index, isOther) {
    const { hue, shape, hollow } = mark(index, isOther);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-1 -1 22 22");
    svg.setAttribute("class", "glyph");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", shapes[shape]);
    path.setAttribute("fill", hollow ? "none" : hue);
    path.setAttribute("stroke", hue);
    path.setAttribute("stroke-width", hollow ? "3" : "0");
    svg.append(path);
    return svg;
  }

  function text() {
    return { color: colour("ink-soft"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
  }

  function tooltip() {
    return {
      confine: true,
      padding: 0,
      borderWidth: 0,
      backgroundColor: "transparent",
      extraCssText: "box-shadow:none",
      transitionDuration: 0.1,
    };
  }

  function axis(name) {
    return {
      type: "value",
      name,
      nameLocation: "middle",
      nameTextStyle: text(),
      axisLabel: { ...text(), showMinLabel: false, showMaxLabel: false, hideOverlap: true, formatter: number },
      axisLine: { show: true, onZero: false, lineStyle: { color: colour("muted") } },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: colour("line") } },
    };
  }

  /** The range of some values with a margin; one value gets a range too. */
  function range(values) {
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const margin = high > low ? (high - low) * 0.05 : Math.max(1, Math.abs(high) * 0.1);
    return { min: low - margin, max: high + margin };
  }

  /** The map: one series a label, so that a label can be brought forward. `picked` holds the label numbers in colour. */
  function mapOption({ points, labelCount, axisNames, picked, describe, animate, narrow }) {
    const size = (points.x.length > 2500 ? 7 : points.x.length > 600 ? 8 : 10) - (narrow ? 2 : 0);
    const series = [];
    for (let label = 0; label <= labelCount; ++label) {
      const { hue, shape, hollow } = mark(label, label === labelCount);
      const faded = picked.size > 0 && !picked.has(label);
      series.push({
        type: "scatter",
        name: String(label),
        id: String(label),
        symbol: plotSymbols[shape],
        symbolSize: shape === 0 || shape === 2 ? size - 1 : size + 1,
        itemStyle: faded
          ? { color: colour("muted"), opacity: 0.22, borderWidth: 0 }
          : {
              color: hollow ? "transparent" : hue,
              borderColor: hollow ? hue : colour("surface"),
              borderWidth: hollow ? 1.5 : 0.5,
              opacity: 0.88,
            },
        emphasis: { scale: 1.7, itemStyle: { opacity: 1 } },
        silent: faded,
        z: faded ? 1 : 2,
        data: [],
        large: false,
        progressive: 0,
      });
    }
    points.label.forEach((label, i) => series[label].data.push({ value: [points.x[i], points.y[i]], point: i }));
    return {
      animation: animate,
      animationDuration: 400,
      aria: { enabled: false },
      textStyle: text(),
      grid: { left: 8, right: 14, top: 14, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "all" },
      tooltip: {
        ...tooltip(),
        trigger: "item",
        triggerOn: "mousemove|click",
        formatter: (params) => describe(params.data.point),
      },
      xAxis: { ...axis(axisNames[0]), ...range(points.x), nameGap: 26 },
      yAxis: { ...axis(axisNames[1]), ...range(points.y), nameGap: 40 },
      dataZoom: [0, 1].map((which) => ({
        type: "inside",
        id: "zoom" + which,
        [which === 0 ? "xAxisIndex" : "yAxisIndex"]: 0,
        filterMode: "none",
        zoomOnMouseWheel: "ctrl",
        moveOnMouseMove: false,
        preventDefaultMouseMove: false,
      })),
      series: series.filter((one) => one.data.length > 0),
    };
  }

  /** The components that the plot opens with: what is kept, what 95 % needs, and a little more. */
  function screeWindow(components, needed) {
    const total = components.ratio.length;
    const wanted = Math.max(10, components.kept * 1.25, needed > 0 ? needed * 1.1 : total);
    return Math.min(total, Math.ceil(wanted));
  }

  /** Bars for each component's share, a line for the sum so far, and the mark of 95 %. */
  function screeOption({ components, needed, animate, narrow }) {
    const total = components.ratio.length;
    const shown = screeWindow(components, needed);
    const zoomable = total > shown || total > 60;
    const [accent, muted, line, alert] = ["accent", "muted", "line-strong", "alert"].map(colour);
    const percentAxis = (name, extra) => ({
      ...axis(name),
      axisLabel: { ...text(), formatter: (value) => `${number(100 * value)}\u00a0%` },
      axisLine: { show: false },
      min: 0,
      nameGap: 48,
      ...extra,
    });
    return {
      animation: animate,
      animationDuration: 400,
      textStyle: text(),
      grid: {
        left: 12,
        right: 12,
        top: 16,
        bottom: zoomable ? 38 : 8,
        outerBoundsMode: "same",
        outerBoundsContain: "all",
      },
      tooltip: {
        ...tooltip(),
        trigger: "axis",
        axisPointer: { type: "shadow", shadowStyle: { color: colour("muted"), opacity: 0.25 } },
        formatter: (rows) => {
          const i = rows[0].dataIndex;
          const tip = document.createElement("div");
          tip.className = "tip";
          const kept = i < components.kept ? "kept" : "not kept";
          tip.textContent =
            `Component ${i + 1} (${kept}): ${percent(components.ratio[i] ?? 0, 2)}, ` +
            `together ${percent(components.cumulative[i] ?? 0, 2)}`;
          return tip;
        },
      },
      xAxis: {
        ...axis("component"),
        type: "category",
        data: components.ratio.map((_, i) => String(i + 1)),
        axisLabel: { ...text(), hideOverlap: true },
        splitLine: { show: false },
        nameGap: 26,
      },
      yAxis: [
        percentAxis(narrow ? "" : "share of the variance"),
        percentAxis(narrow ? "" : "together", { max: 1, interval: 0.2, splitLine: { show: false } }),
      ],
      dataZoom: zoomable
        ? [
            {
              type: "slider",
              startValue: 0,
              endValue: shown - 1,
              height: 18,
              bottom: 6,
              left: 56,
              right: 56,
              brushSelect: false,
              showDetail: false,
              borderColor: colour("line"),
              backgroundColor: "transparent",
              fillerColor: colour("accent-soft"),
              dataBackground: { lineStyle: { color: muted }, areaStyle: { color: muted, opacity: 0.3 } },
              selectedDataBackground: { lineStyle: { color: accent }, areaStyle: { color: accent, opacity: 0.3 } },
              handleStyle: { color: colour("surface"), borderColor: accent },
              moveHandleStyle: { color: muted, opacity: 0.5 },
              emphasis: { handleStyle: { borderColor: accent }, moveHandleStyle: { color: accent } },
            },
          ]
        : [],
      series: [
        {
          type: "bar",
          name: "share",
          barCategoryGap: shown > 80 ? "10%" : "28%",
          barMaxWidth: 44,
          data: components.ratio.map((value, i) => ({
            value,
            itemStyle: { color: i < components.kept ? accent : muted, borderRadius: shown > 80 ? 0 : [2, 2, 0, 0] },
          })),
        },
        {
          type: "line",
          name: "together",
          yAxisIndex: 1,
          showSymbol: shown <= 20,
          symbol: "circle",
          symbolSize: 5,
          lineStyle: { width: 2, color: line },
          itemStyle: { color: line },
          data: components.cumulative,
          markLine: {
            silent: true,
            symbol: "none",
            animation: false,
            lineStyle: { color: alert, type: "dashed", width: 1.5 },
            label: { ...text(), color: alert, position: "insideEndBottom", formatter: "95\u00a0%" },
            data: [{ yAxis: 0.95 }],
          },
        },
      ],
    };
  }

  return { glyph, mapOption, screeOption };
})();
