"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("number");
      const sorted = head.getAttribute("aria-sort");
      const up = sorted ? sorted === "descending" : !numeric;
      for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const sign = up ? 1 : -1;
      const key = (row) => {
        const cell = row.cells[column];
        const order = cell.dataset.order;
        return order === undefined ? cell.textContent.trim() : Number(order);
      };
      const empty = (row) => row.cells[column].dataset.order === undefined &&
        row.cells[column].classList.contains("number");
      const rows = [...body.rows].sort((one, two) => {
        if (empty(one) || empty(two)) return empty(one) - empty(two);
        const [a, b] = [key(one), key(two)];
        return sign * (typeof a === "number" ? a - b : a.localeCompare(b));
      });
      body.append(...rows);
    });
  });
}
for (const box of document.querySelectorAll(".copied")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const text = box.querySelector("pre").textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(box.querySelector("pre"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Selected";
      return;
    }
    button.textContent = "Copied";
  });
  box.prepend(button);
}
