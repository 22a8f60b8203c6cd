// Views of the API -> a button whose menu has each of them as CSV, Parquet and Arrow.

import {menuButton} from "./controls.js"
import {h} from "./dom.js"
import {formatLinks} from "./exports.js"

/** `files()` gives [name, path without format] of what there is to be had now. */
export function fileMenu({base, label, files}) {
  const rows = h("div", {class: "o-exports"})
  return menuButton({
    text: "Files", label,
    fill: (panel) => {
      rows.replaceChildren(...files().flatMap(([name, path]) => [h("span", {}, name), ...formatLinks(base, path, name)]))
      panel.replaceChildren(rows)
    },
  })
}
