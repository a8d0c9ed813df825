"use strict";

// A stage shows a picture, the layers over it, and how they came. `data-from` and `data-to` are seconds.
for (const stage of document.querySelectorAll(".stage")) {
  const all = (selector) => [...stage.querySelectorAll(selector)];
  const [split] = all(".split");
  const [play] = all(".play");
  const [time] = all(".time");
  const [clock] = all("output");
  const frames = all(".frame");
  const switches = all(".switch");
  const log = [...stage.closest("section").querySelectorAll(".log button")];
  const layer = (one) => frames.find((frame) => frame.dataset.layer === one.value);
  let running = 0;

  function divide(share) {
    if (split) split.value = share;
    stage.style.setProperty("--split", `${share}%`);
  }

  // What had come by then: the newest look at it, or nothing.
  function seek(at) {
    const shown = frames.filter((one) => one.dataset.from <= at && at < one.dataset.to);
    const newest = shown.reduce((a, b) => (a && +a.dataset.from > +b.dataset.from ? a : b), null);
    for (const frame of frames) frame.hidden = frame !== newest;
    for (const one of switches) one.checked = layer(one) === newest;
    for (const one of log) one.classList.toggle("come", one.dataset.at <= at);
    time.value = at;
    time.ariaValueText = `${at.toFixed(2)} seconds`;
    clock.textContent = `${at.toFixed(2)} s`;
  }

  function stop() {
    cancelAnimationFrame(running);
    running = 0;
    play.textContent = "Play";
  }

  function start() {
    const from = +time.value >= +time.max ? 0 : +time.value;
    const begun = performance.now();
    const end = +time.max;
    divide(0);
    play.textContent = "Pause";
    const tick = (now) => {
      const at = Math.min(end, from + Math.max(0, now - begun) / 1000);
      seek(at);
      if (at < end) running = requestAnimationFrame(tick);
      else stop();
    };
    running = requestAnimationFrame(tick);
  }

  split?.addEventListener("input", () => divide(split.value));
  play.addEventListener("click", () => (running ? stop() : start()));
  time.addEventListener("input", () => {
    stop();
    divide(0);
    seek(+time.value);
  });
  for (const one of log) {
    one.addEventListener("click", () => {
      stop();
      divide(0);
      seek(+one.dataset.at);
    });
  }
  for (const one of switches) {
    one.addEventListener("change", () => {
      stop();
      for (const frame of frames) {
        if (!frame.dataset.layer) frame.hidden = true;
      }
      layer(one).hidden = !one.checked;
    });
  }
}
