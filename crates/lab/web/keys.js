// Keys of the charts, by their position on the keyboard. They work while the charts have the focus, and can be
// switched off.

/** Calls `on[name]` for each key that has a meaning. */
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
