// Keeps the page fresh: the queue by events, the rest by asking for the page again and replacing the parts that differ.
// Nothing here makes markup out of text.
"use strict";

const quietMilliseconds = 5000;
const silentMilliseconds = 90000; // an event comes at least once a minute
let shown = document.body.dataset.page;
let refreshedAt = 0;
let isRefreshing = false;
let heardAt = Date.now();
let source;

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
      // Anything else than a page, such as a line that says what is wrong now, is not shown: it would have no script to go on with.
      if (page && page.querySelector('form[action="/login"]')) {
        location.reload();
      }

      return;
    }

    document.title = page.title;
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (fresh && fresh.textContent !== part.textContent) {
        // What somebody is at with the keyboard, or has opened, is found again in the new part.
        const used = part.contains(document.activeElement) ? document.activeElement : null;
        const usedKey = used && used.closest("details") ? keyOf(used.closest("details")) : null;
        const before = new Map([...part.querySelectorAll("details")].map(details => [keyOf(details), details.open]));
        part.replaceWith(document.adoptNode(fresh));
        for (const details of fresh.querySelectorAll("details")) {
          details.open = before.get(keyOf(details)) ?? details.open;
          if (keyOf(details) === usedKey) {
            details.querySelector("summary").focus({ preventScroll: true });
          }
        }

        if (used === part) {
          fresh.focus({ preventScroll: true });
        }
      }
    }

    shown = next;
  };
  request.onloadend = () => { isRefreshing = false; };
  request.send();
}

function showConnection(isThere) {
  document.body.classList.toggle("offline", !isThere);
}

function connect() {
  const made = new EventSource("/events");
  source = made;
  made.onopen = () => { showConnection(true); };
  made.onerror = () => {
    showConnection(false);
    if (made.readyState === EventSource.CLOSED) {
      setTimeout(() => { refresh(); connect(); }, 60000);
    }
  };
  made.onmessage = message => {
    heardAt = Date.now();
    showConnection(true);
    const live = JSON.parse(message.data);
    showQueue(live);
    if (live.page !== shown && !isRefreshing && Date.now() - refreshedAt >= quietMilliseconds) {
      refresh();
    }
  };
}

// A line that was cut without a word looks like one on which nothing happens.
setInterval(() => {
  if (Date.now() - heardAt > silentMilliseconds && source.readyState !== EventSource.CLOSED) {
    showConnection(false);
    heardAt = Date.now();
    source.close();
    connect();
  }
}, 10000);

connect();
