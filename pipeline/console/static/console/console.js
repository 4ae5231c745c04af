// What pages do better with a script: they work without it, too. No code of others, nothing from elsewhere.
"use strict";
(function () {
  // somebody is at work in it: it stays as it is
  function isTyped(box) {
    return /INPUT|SELECT/.test((box.contains(document.activeElement) && document.activeElement.tagName) || "") ||
      Array.prototype.some.call(box.querySelectorAll("input"), function (one) { return one.type === "checkbox" ? one.checked : one.type === "text" && one.value; });
  }
  // a part of a page that is asked for again until it is settled, or every so many seconds
  function again(box) {
    var every = Number(box.dataset.every || 0), wait = (every || Number(box.dataset.pace) || 1) * 1000;
    setTimeout(function () {
      if (document.hidden && every) return again(box);
      fetch(box.dataset.again, { headers: { "X-Part": "1" }, credentials: "same-origin" }).then(function (answer) {
        if (answer.status === 401) { location.href = "/login"; return; }
        if (!answer.ok) return again(box);
        return answer.text().then(function (html) {
          if (isTyped(box)) return again(box);
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
  // files: what was chosen, how much of it is sent, then the page on which each file's outcome appears
  function what(files) {
    return files.length === 1 ? "《" + files[0].name + "》（" + Math.max(1, Math.round(files[0].size / 1024)) + " KB）" : files.length + " 个文件";
  }
  document.querySelectorAll("[data-heap]").forEach(function (form) {
    var field = form.querySelector("input[type=file]"), box = form.querySelector("[data-progress]");
    field.addEventListener("change", function () { box.textContent = "选好 " + what(field.files) + "。"; });
    form.addEventListener("submit", function (event) {
      if (event.defaultPrevented || !window.FormData) return;
      event.preventDefault();
      var ask = new XMLHttpRequest(), bar = document.createElement("progress");
      bar.setAttribute("aria-label", "已上传");
      box.textContent = "正在上传 " + what(field.files) + "…… ";
      box.appendChild(bar);
      ask.open("POST", form.getAttribute("action"));
      ask.setRequestHeader("X-Part", "1");
      ask.upload.onprogress = function (at) { bar.max = at.total; bar.value = at.loaded; };
      ask.upload.onload = function () { box.textContent = "已传完，等回执……"; };
      ask.onload = function () {
        if (ask.status === 200) { location.href = JSON.parse(ask.responseText).place; return; }
        delete form.dataset.sent;
        var page = new DOMParser().parseFromString(ask.responseText, "text/html").querySelector("main p");
        box.textContent = ask.status === 401 ? "登录过期了：请在新窗口登录，再回到这里提交。" : page ? page.textContent : ask.status === 413 ? "太大，没有收：一个文件最多 20 MB，一次最多 56 MB，请分几次交。" : "没有交上，请再试一次。";
      };
      ask.onerror = function () { delete form.dataset.sent; box.textContent = "没有连上服务器，一个也没有交上；请再点一次“提交”。"; };
      ask.send(new FormData(form));
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
