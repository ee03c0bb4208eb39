// The pointer on charts: click to look at an instant, drag to move in time, wheel to zoom.

import { Axis } from "./draw.js";

/** Makes these boards react to the pointer; `onName(board, y)` is called for clicks on the names. */
export function listen(boards, view, onName) {
  for (const board of boards) listenOn(board, view, onName);
}

function listenOn(board, view, onName) {
  const { canvas } = board;
  let from = null;
  const place = (event) => event.clientX - canvas.getBoundingClientRect().left;
  canvas.addEventListener("pointerdown", (event) => {
    from = { x: place(event), to: view.to, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from || !(event.buttons & 1)) return;
    const by = place(event) - from.x;
    if (Math.abs(by) < 4 && !from.moved) return;
    from.moved = true;
    view.live = false;
    view.to = from.to - (by / new Axis(view, board.width).width) * view.span;
    view.bound();
    view.pause(Math.min(Math.max(view.at, view.from), view.to));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (from && !from.moved) {
      const left = place(event) < new Axis(view, board.width).left - 6;
      const y = event.clientY - canvas.getBoundingClientRect().top;
      if (!left || !onName(board, y)) view.pause(new Axis(view, board.width).at(place(event)));
    }
    from = null;
  });
  canvas.addEventListener("wheel", (event) => {
    // A plain wheel belongs to the page where it has to scroll.
    if (!event.ctrlKey && document.documentElement.scrollHeight > innerHeight + 4) return;
    event.preventDefault();
    const around = view.live ? view.to : new Axis(view, board.width).at(place(event));
    view.zoom(event.deltaY > 0 ? 1.25 : 0.8, around);
  }, { passive: false });
}
