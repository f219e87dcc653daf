// A form with data-send-at-once is sent without a click, once: with "back" one comes to its button.
const form = document.querySelector("form[data-send-at-once]");
const [visit] = performance.getEntriesByType("navigation");
if (form && visit?.type === "navigate") form.requestSubmit();
