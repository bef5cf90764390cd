"use strict";
(function () {
  var data = JSON.parse(document.getElementById("data").textContent);
  var words = data.words;
  var fold = function (text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
  };
  // ---- tables: search and sort
  var valueOf = function (cell) {
    return cell.dataset.v === undefined || cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };
  var compare = function (a, b) {
    var x = valueOf(a), y = valueOf(b);
    if (x !== null || y !== null) { return x === null ? 1 : y === null ? -1 : x - y; }
    return a.textContent.localeCompare(b.textContent, data.language);
  };
  var sortable = function (table) {
    var heads = table.tHead.rows[0].cells;
    Array.prototype.forEach.call(heads, function (head, column) {
      // the head itself is the button: a button inside it is not printed again on the next page
      var turn = function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        Array.prototype.forEach.call(heads, function (other) { other.removeAttribute("aria-sort"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var body = table.tBodies[0];
        Array.prototype.slice.call(body.rows).sort(function (a, b) {
          var order = compare(a.cells[column], b.cells[column]);
          return down ? -order : order;
        }).forEach(function (row) { body.appendChild(row); });
      };
      head.tabIndex = 0;
      head.title = words.page_sort;
      head.className = "sort";
      head.addEventListener("click", turn);
      head.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); turn(); }
      });
    });
  };
  var searchable = function (table) {
    var box = document.createElement("input");
    box.type = "search";
    box.placeholder = words.page_search;
    box.setAttribute("aria-label", words.page_search);
    table.parentNode.insertBefore(box, table);
    box.addEventListener("input", function () {
      var wanted = fold(box.value);
      Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
        row.hidden = fold(row.textContent).indexOf(wanted) < 0;
      });
    });
  };
  Array.prototype.forEach.call(document.querySelectorAll("table.data"), function (table) {
    sortable(table);
    if (table.tBodies[0].rows.length > 8) { searchable(table); }
  });
  // ---- the tree of units; everything from the data is set as text, never as markup
  var units = data.units, below = {}, place = {};
  units.forEach(function (unit, index) {
    place[unit[0]] = index;
    if (unit[2] >= 0) { (below[unit[2]] = below[unit[2]] || []).push(index); }
  });
  var panel = document.getElementById("unit");
  var cell = function (row, text, number) {
    var made = row.insertCell();
    made.textContent = text;
    if (number !== undefined) { made.className = "n"; made.dataset.v = number === null ? "" : number; }
    return made;
  };
  var current = null;
  var show = function (index, button) {
    if (current) { current.removeAttribute("aria-current"); }
    if (button) { button.setAttribute("aria-current", "true"); current = button; }
    panel.textContent = "";
    var title = document.createElement("h3");
    title.textContent = units[index][1] + " (" + units[index][0] + ")";
    panel.appendChild(title);
    var table = document.createElement("table");
    var caption = table.createCaption();
    caption.textContent = data.period;
    var head = table.createTHead().insertRow();
    [words.col_indicator, words.col_now, words.col_measure, words.col_coverage, words.col_source].forEach(function (label) {
      var made = document.createElement("th");
      made.textContent = label;
      head.appendChild(made);
    });
    var body = table.createTBody();
    (data.figures[index] || []).forEach(function (figure) {
      var column = data.columns[figure[0]];
      var row = body.insertRow();
      cell(row, column[0]);
      cell(row, data.told[figure[1]], figure[2]);
      cell(row, column[1]);
      cell(row, figure[3] === null ? "–" : figure[3] + "/" + figure[4]);
      cell(row, data.code + "/" + units[index][0] + "/" + column[2]);
    });
    if (!body.rows.length) { cell(body.insertRow(), words.nothing_to_show).colSpan = 5; }
    var scroll = document.createElement("div");
    scroll.className = "scroll";
    scroll.appendChild(table);
    panel.appendChild(scroll);
    if (body.rows.length > 1) { sortable(table); searchable(table); }
  };
  var item = function (index) {
    var line = document.createElement("li");
    var children = below[index] || [];
    var open = document.createElement("button");
    open.type = "button";
    open.className = "open";
    open.textContent = children.length ? "▸" : "·";
    var name = document.createElement("button");
    name.type = "button";
    name.textContent = units[index][1];
    name.addEventListener("click", function () { show(index, name); });
    line.appendChild(open);
    line.appendChild(name);
    if (children.length) {
      open.setAttribute("aria-expanded", "false");
      open.setAttribute("aria-label", units[index][1]);
      open.addEventListener("click", function () {
        var list = line.querySelector("ul");
        if (list) { list.hidden = !list.hidden; } else { line.appendChild(branch(children)); list = line.querySelector("ul"); }
        open.textContent = list.hidden ? "▸" : "▾";
        open.setAttribute("aria-expanded", String(!list.hidden));
      });
    } else { open.disabled = true; }
    return line;
  };
  var branch = function (indices) {
    var list = document.createElement("ul");
    indices.forEach(function (index) { list.appendChild(item(index)); });
    return list;
  };
  var tree = document.getElementById("tree");
  var draw = function () { tree.textContent = ""; tree.appendChild(branch([0])); tree.querySelector("button.open").click(); };
  var folded = units.map(function (unit) { return fold(unit[0] + " " + unit[1]); });
  var search = document.getElementById("find");
  search.addEventListener("input", function () {
    var wanted = fold(search.value.trim());
    if (!wanted) { draw(); return; }
    var found = [];
    folded.forEach(function (text, index) { if (text.indexOf(wanted) >= 0) { found.push(index); } });
    tree.textContent = "";
    tree.appendChild(branch(found.slice(0, 200)));
    if (found.length > 200) {
      var more = document.createElement("p");
      more.textContent = words.page_more.replace("{n}", String(found.length - 200));
      tree.appendChild(more);
    }
  });
  draw();
  show(0, tree.querySelectorAll("button")[1]);
  document.getElementById("print").addEventListener("click", function () { window.print(); });
})();
