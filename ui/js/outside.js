// What strangers wrote -> text and links. Nothing of it is ever markup, and no link of it is a script.

import {h} from "./dom.js"

const SAFE = ["http:", "https:"]

/** A link out of the page that tells the other side nothing of us; null where it leads to no page. */
export function outsideLink(url, text, attributes = {}) {
  const parsed = URL.parse ? URL.parse(url) : parse(url)
  if (!parsed || !SAFE.includes(parsed.protocol)) return null
  return h("a", {class: "o-link", ...attributes, href: parsed.href, target: "_blank", rel: "noopener noreferrer nofollow"}, text)
}

/** Words of a stranger: in their own direction, so that they cannot turn ours around. */
export function outsideText(tag, text, attributes = {}) {
  return h(tag, {...attributes, dir: "auto"}, text)
}

function parse(url) {
  try {
    return new URL(url)
  } catch {
    return null
  }
}
