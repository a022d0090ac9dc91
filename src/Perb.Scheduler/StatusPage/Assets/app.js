// Keeps the page fresh: the queue by events, the rest by asking for the page again and replacing the parts that differ.
// Nothing here makes markup out of text.
"use strict";

const quietMilliseconds = 5000;
let shown = document.body.dataset.page;
let refreshedAt = 0;
let isRefreshing = false;

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function showQueue(live) {
  const list = document.getElementById("working");
  live.working.forEach((line, index) => {
    let item = list.children[index];
    if (!item) {
      item = document.createElement("li");
      item.append(element("b", ""), document.createTextNode(""), element("span", ""), element("progress", ""), element("span", ""));
      item.children[2].max = 100;
      list.append(item);
    }

    const [backup, what, bar, left] = item.children;
    backup.textContent = line.backup;
    backup.nextSibling.data = ` to ${line.remote}: `;
    what.textContent = line.what;
    bar.value = line.percent;
    bar.textContent = `${line.percent} %`;
    left.textContent = line.left;
  });
  while (list.children.length > live.working.length) {
    list.lastElementChild.remove();
  }

  document.getElementById("waiting").textContent = live.waiting;
}

// A row by its guest: what its summary says changes with the time.
function keyOf(details) {
  const row = details.closest("tr");
  return row ? row.cells[0].textContent : details.querySelector("summary").textContent;
}

function refresh() {
  isRefreshing = true;
  refreshedAt = Date.now();
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.open("GET", "/");
  request.onload = () => {
    const page = request.response;
    const next = page && page.body.dataset.page;
    if (!next) {
      location.reload();
      return;
    }

    document.title = page.title;
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
      // What somebody is at with the keyboard, or has opened, stays until they leave it.
      const isUsed = part.contains(document.activeElement) && part !== document.activeElement;
      if (fresh && !isUsed && fresh.textContent !== part.textContent) {
        const before = new Map([...part.querySelectorAll("details")].map(details => [keyOf(details), details.open]));
        part.replaceWith(document.adoptNode(fresh));
        for (const details of fresh.querySelectorAll("details")) {
          details.open = before.get(keyOf(details)) ?? details.open;
        }
      }
    }

    shown = next;
  };
  request.onloadend = () => { isRefreshing = false; };
  request.send();
}

const source = new EventSource("/events");
source.onopen = () => { document.getElementById("offline").hidden = true; };
source.onerror = () => {
  document.getElementById("offline").hidden = false;
  if (source.readyState === EventSource.CLOSED) {
    setTimeout(() => location.reload(), 60000);
  }
};
source.onmessage = message => {
  const live = JSON.parse(message.data);
  showQueue(live);
  if (live.page !== shown && !isRefreshing && Date.now() - refreshedAt >= quietMilliseconds) {
    refresh();
  }
};
