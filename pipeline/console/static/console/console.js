// What pages do better with a script: they work without it, too. No code of others, nothing from elsewhere.
"use strict";
(function () {
  // a part of a page that is asked for again until it is settled, or every so many seconds
  function again(box) {
    var every = Number(box.dataset.every || 0), wait = (every || 1) * 1000;
    setTimeout(function () {
      if (document.hidden && every) return again(box);
      fetch(box.dataset.again, { headers: { "X-Part": "1" }, credentials: "same-origin" }).then(function (answer) {
        if (answer.status === 401) { location.href = "/login"; return; }
        if (!answer.ok) return again(box);
        return answer.text().then(function (html) {
          if (box.contains(document.activeElement) && /INPUT|SELECT/.test(document.activeElement.tagName)) return again(box);
          box.innerHTML = html;
          tick();
          if (every || box.querySelector("[data-waits]")) again(box);
        });
      }).catch(function () { again(box); });
    }, wait);
  }
  document.querySelectorAll("[data-again]").forEach(again);

  // how long it is until the deadline
  function tick() {
    document.querySelectorAll("[data-until]").forEach(function (box) {
      var left = Math.round((new Date(box.dataset.until) - Date.now()) / 60000);
      if (left > 0 && left < 600) box.textContent = "距截止还有 " + (left >= 60 ? Math.floor(left / 60) + " 小时 " : "") + (left % 60) + " 分";
    });
  }
  tick();
  setInterval(tick, 30000);

  document.querySelectorAll("[data-sure]").forEach(function (form) {
    form.addEventListener("submit", function (event) { if (!window.confirm(form.dataset.sure)) event.preventDefault(); });
  });
  // one click, one file: a second one while the first is on its way is none
  document.querySelectorAll("form[method=post]").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented) return;
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      setTimeout(function () { delete form.dataset.sent; }, 8000);
    });
  });
  document.querySelectorAll("[data-drop]").forEach(function (form) {
    var field = form.querySelector("input[type=file]");
    ["dragenter", "dragover"].forEach(function (name) {
      form.addEventListener(name, function (event) { event.preventDefault(); form.classList.add("over"); });
    });
    form.addEventListener("dragleave", function () { form.classList.remove("over"); });
    form.addEventListener("drop", function (event) {
      event.preventDefault();
      form.classList.remove("over");
      if (event.dataTransfer.files.length) { field.files = event.dataTransfer.files; form.requestSubmit ? form.requestSubmit() : form.submit(); }
    });
  });
})();
