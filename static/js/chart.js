// Draws the figures of a page. Each <div data-chart="ID"> has a JSON block with that id: {config, light, dark}.
"use strict";

(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  const theme = () => document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");

  const draw = (place) => {
    const figures = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    const figure = figures[theme()] || figures.light;
    window.Plotly.react(place, figure.data, figure.layout, figures.config);
  };

  const places = document.querySelectorAll("[data-chart]");
  const drawAll = () => places.forEach(draw);

  drawAll();
  dark.addEventListener("change", drawAll);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
})();
