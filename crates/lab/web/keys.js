// The keys of the charts and of the table, by their position on the keyboard. They work while the chart or the table
// has the focus, and can be switched off.

/** Calls `on[name]` for each key with a function. */
export function listen(place, on, isOn) {
  const meanings = {
    Space: () => on.toggle(),
    ArrowLeft: () => on.step(-1),
    ArrowRight: () => on.step(1),
    KeyW: () => on.zoom(1 / 1.5),
    KeyS: () => on.zoom(1.5),
    KeyA: () => on.pan(-0.2),
    KeyD: () => on.pan(0.2),
    Home: () => on.first(),
    End: () => on.live(),
    Escape: () => on.live(),
    Digit1: () => on.phenomenon(0),
    Digit2: () => on.phenomenon(1),
    Digit3: () => on.phenomenon(2),
    Digit4: () => on.phenomenon(3),
    KeyT: () => on.table(),
    Enter: () => on.unfold(),
    Slash: () => on.filter(),
  };
  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !isOn()) return;
    if (event.target !== place) return;
    const meaning = event.key === "?" ? () => on.help() : event.key === "/" ? () => on.filter() : meanings[event.code];
    if (!meaning) return;
    event.preventDefault();
    meaning();
  });
}

/** Makes a list of buttons one stop of the Tab key: the arrow keys, Home and End move between the buttons. */
export function rove(list) {
  list.addEventListener("keydown", (event) => {
    const buttons = [...list.querySelectorAll("button")];
    const here = buttons.indexOf(document.activeElement);
    const last = buttons.length - 1;
    const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: last }[event.code];
    if (there === undefined || last < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    buttons[Math.min(Math.max(there, 0), last)].focus();
  });
}
