// Keeps the answer up to date while fields and sliders move. Without it the form's button does the same.
(() => {
  "use strict";
  const form = document.getElementById("question");
  const status = document.getElementById("status");
  if (!form || !status) return;
  const PAUSE_MS = 250;
  let timer = 0;
  let running = null;

  const address = () => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (String(value).trim()) query.append(name, value);
    return `/cutoffs?${query}`;
  };

  async function update() {
    if (running) running.abort();
    running = new AbortController();
    const here = address();
    try {
      const response = await fetch(here, { signal: running.signal, credentials: "same-origin" });
      if (response.redirected || (!response.ok && response.status !== 422)) return location.assign(here);
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
      const answer = fresh.getElementById("answer");
      const problems = [...fresh.querySelectorAll("#question .error li")].map((item) => item.textContent);
      for (const input of form.querySelectorAll("input[name]")) {
        const same = fresh.getElementById(input.id);
        if (same) input.toggleAttribute("aria-invalid", same.hasAttribute("aria-invalid"));
      }
      if (problems.length) {
        status.textContent = problems.join(" ");
        status.className = "error";
        return;
      }
      document.getElementById("answer").replaceChildren(...answer.childNodes);
      history.replaceState(null, "", here);
      status.className = "hidden";
      status.textContent = document.getElementById("said")?.textContent ?? "";
    } catch (error) {
      if (error.name !== "AbortError") location.assign(here);
    }
  }

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(update, PAUSE_MS);
  };

  for (const input of form.querySelectorAll("input[data-max]")) {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = "1";
    slider.max = input.dataset.max;
    slider.step = "1";
    const label = form.querySelector(`label[for="${input.id}"]`).textContent;
    slider.setAttribute("aria-label", form.dataset.slider.replace("{field}", label));
    const follow = () => {
      slider.value = input.value.replace(",", ".") || input.dataset.now;
    };
    follow();
    input.addEventListener("input", follow);
    slider.addEventListener("input", () => {
      input.value = slider.value;
    });
    input.after(slider);
  }
  form.addEventListener("input", soon);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    update();
  });
})();
