"use strict";
(() => {
  const every = 15000;
  const late = document.getElementById("late");
  const said = document.getElementById("said");
  const main = document.querySelector("main");
  const footer = document.querySelector("footer");
  let timer;

  // What somebody marks with the mouse must not go from under it.
  const isMarked = () => {
    const selection = getSelection();
    return !selection.isCollapsed && main.contains(selection.anchorNode);
  };

  const links = () => [...main.querySelectorAll("a[href], summary, [id]")];
  const name = (element) => element.id || element.getAttribute("href") || element.parentElement.id;

  const show = (page) => {
    const state = page.getElementById("state");
    if (!state) throw new Error("another page");
    const before = document.getElementById("state").textContent;
    const toggled = new Map([...main.querySelectorAll("details")].map((details) => [details.id, details.open]));
    const focused = main.contains(document.activeElement) && document.activeElement !== main ? document.activeElement : null;
    const [focusedTag, focusedName] = focused ? [focused.tagName, name(focused)] : [];
    const [left, top] = [scrollX, scrollY];
    main.replaceChildren(...page.querySelector("main").childNodes);
    footer.replaceChildren(...page.querySelector("footer").childNodes);
    document.title = page.title;
    for (const details of main.querySelectorAll("details")) {
      if (toggled.has(details.id)) details.open = toggled.get(details.id);
    }
    if (focused) {
      const again = links().find((element) => element.tagName === focusedTag && name(element) === focusedName);
      (again || main).focus({ preventScroll: true });
    }
    scrollTo({ left, top, behavior: "instant" });
    late.hidden = true;
    late.textContent = "";
    if (state.textContent !== before) said.textContent = state.textContent;
  };

  const update = async () => {
    clearTimeout(timer);
    if (!document.hidden && !isMarked()) {
      try {
        const response = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10000) });
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        show(new DOMParser().parseFromString(await response.text(), "text/html"));
      } catch (error) {
        const asOf = document.querySelector(".asof time");
        const text = `Not updated: the exporter can't be asked (${error.message}). Everything here is as of ${asOf.textContent}.`;
        late.hidden = false;
        if (late.textContent !== text) {
          late.textContent = text;
          said.textContent = text;
        }
      }
    }
    timer = setTimeout(update, every);
  };

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) update();
  });
  timer = setTimeout(update, every);
})();
