// [name, title, figure, note, tone] -> tiles that change in place.

import {h, setText} from "./dom.js"
import {DASH} from "./format.js"

function tile(name) {
  const parts = {name: h("dt"), figure: h("dd", {class: "o-figure"}, DASH), note: h("dd", {class: "o-sub"})}
  return {...parts, box: h("div", {class: "o-tile", "data-tile": name}, parts.name, parts.figure, parts.note)}
}

/** A list of tiles in `box`; the function that is given shows what they are to say. */
export function figureTiles(box, label) {
  const list = h("dl", {class: "o-tiles", "aria-label": label})
  const tiles = new Map()
  box.append(list)
  return (said) => {
    for (const [name, title, figure, note, tone] of said) {
      if (!tiles.has(name)) {
        tiles.set(name, tile(name))
        list.append(tiles.get(name).box)
      }
      const parts = tiles.get(name)
      setText(parts.name, title)
      setText(parts.figure, figure)
      setText(parts.note, note)
      if (parts.box.dataset.tone !== tone) parts.box.dataset.tone = tone
      if (parts.box.title !== note) parts.box.title = note
    }
  }
}
