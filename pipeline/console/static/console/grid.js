// A grid of lines: one saved at a time while the next is typed, the answer shown in the line. Without it, all go at once.
"use strict";
(function () {
  document.querySelectorAll("form[data-grid]").forEach(function (form) {
    var token = form.querySelector("[name=csrfmiddlewaretoken]").value, done = 0, left = form.querySelectorAll("[data-line]").length;
    var count = form.querySelector("[data-count]");

    function rowOf(key) {
      return Array.prototype.find.call(form.querySelectorAll("[data-line]"), function (row) { return row.dataset.line === key; });
    }
    function say(row, text, state) {
      var box = row.querySelector("[data-said]");
      box.textContent = text;
      box.className = state === "sent" || state === "done" ? "quiet" : "hot";
      row.className = state;
      if (state === "changed" || state === "wrong" || state === "back") box.setAttribute("role", "alert");
    }
    function lock(row, yes) {
      row.querySelectorAll("input:not([type=hidden]), select, button").forEach(function (one) { one.disabled = yes; });
    }
    function isTyped(row) {
      return Array.prototype.some.call(row.querySelectorAll("[data-cell], select"), function (one) { return one.value.trim(); });
    }
    function save(row) {
      var body = new FormData();
      body.append("csrfmiddlewaretoken", token);
      row.querySelectorAll("input, select").forEach(function (one) { if (one.name && one.name !== "pick") body.append(one.name, one.value); });
      lock(row, true);
      say(row, "正在提交……", "sent");
      fetch(form.dataset.grid, { method: "POST", body: body, headers: { "X-Part": "1" }, credentials: "same-origin" }).then(function (answer) {
        if (answer.status === 401 || answer.status === 403) { lock(row, false); say(row, "登录过期了：请在新窗口登录，再回到这里点“保存”；您填的还在。", "wrong"); return; }
        return answer.json().then(function (found) {
          var mine = found.lines[row.dataset.line];
          if (mine) {
            lock(row, false);
            say(row, mine.text + (mine.typed && mine.typed.length ? "：" + mine.typed.join("，") : "") + (mine.state === "changed" ? "。您填的还在；请刷新页面看现在的内容再定。" : ""), mine.state);
          } else if (found.sent) watch(found.sent, row, 0);
          else { lock(row, false); say(row, "没有填意见。", "wrong"); }
        });
      }).catch(function () { lock(row, false); say(row, "没有连上服务器，没有提交；您填的还在，请再点一次“保存”。", "wrong"); });
    }
    function watch(key, row, times) {
      setTimeout(function () {
        fetch("/office/saved/" + encodeURIComponent(key), { headers: { "X-Part": "1" }, credentials: "same-origin" }).then(function (answer) {
          if (answer.status === 401) location.href = "/login";
          return answer.json();
        }).then(function (found) {
          var mine = found.lines[row.dataset.line];
          if (mine && mine.state === "back") { lock(row, false); say(row, mine.text, "back"); return; }
          if (mine || !found.waiting) {
            say(row, "已办。", "done");
            done += 1;
            if (count) count.textContent = "已办 " + done + " 行，本页还有 " + (left - done) + " 行";
            return;
          }
          say(row, found.serving ? "已提交，正在办……" : "已存好。处理程序现在没有运行，一恢复就办，不用重交。", "sent");
          watch(key, row, times + 1);
        }).catch(function () { watch(key, row, times + 1); });
      }, times < 10 ? 700 : 5000);
    }
    // as in a sheet: Enter saves the line and goes on to the same cell of the next one, a pasted column fills downwards
    function below(field, down) {
      var rows = Array.prototype.slice.call(form.querySelectorAll("[data-line]")), at = rows.indexOf(field.closest("[data-line]"));
      var mine = Array.prototype.slice.call(field.closest("[data-line]").querySelectorAll(kind(field))).indexOf(field);
      var next = rows[at + down] && rows[at + down].querySelectorAll(kind(field));
      return next && next.length ? next[Math.min(mine, next.length - 1)] : null;
    }
    function kind(field) { return field.hasAttribute("data-cell") ? "[data-cell]" : '[name^="' + field.name.split("|")[0] + '|"]:not([type=hidden])'; }
    form.addEventListener("keydown", function (event) {
      if (event.key !== "Enter" || event.isComposing || !event.target.closest("[data-line]") || event.target.tagName === "BUTTON") return;
      event.preventDefault();
      var row = event.target.closest("[data-line]"), next = below(event.target, 1);
      if (isTyped(row)) save(row);
      if (next) next.focus();
    });
    form.addEventListener("paste", function (event) {
      var field = event.target, text = (event.clipboardData || window.clipboardData).getData("text");
      if (!field.closest("[data-line]") || !/\n/.test(text.trim())) return;
      event.preventDefault();
      text.replace(/\r/g, "").replace(/\n$/, "").split("\n").forEach(function (one, down) {
        var to = down ? below(field, down) : field;
        if (to && !to.disabled) to.value = one.trim().slice(0, 200);
      });
    });
    // the words for the column that is filled in for several lines
    var column = form.querySelector("#all_column"), now = form.querySelector("#all_now");
    function offer() { now.setAttribute("list", column.options[column.selectedIndex].dataset.list || ""); }
    if (column && now) { column.addEventListener("change", offer); offer(); }
    form.addEventListener("click", function (event) {
      var button = event.target.closest("button");
      if (!button) return;
      if (button.hasAttribute("data-save")) save(button.closest("[data-line]"));
      if (button.dataset.put) { var field = button.parentNode.previousElementSibling; field.value = button.dataset.put; field.focus(); }
      if (button.hasAttribute("data-pick-all")) form.querySelectorAll("[name=pick]").forEach(function (one) { one.checked = !one.disabled; });
    });
  });
})();
