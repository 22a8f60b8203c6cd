// What is wrong with what is shown, and what to do; nothing while all is well.

import {mountNotice} from "./result_notice.js"
import {follow} from "./social.js"
import {forumName} from "./social_rows.js"

/** The line for what is shown; "" while all is well. */
export function wordsOf({view, error}) {
  if (error) return view ? `${error.message}. Below is the last result.` : error.message
  if (!view) return ""
  if (view.detail) return `${view.detail}. Below is the last result.`
  const forums = [...new Set(view.scans.map((place) => place.forum))]
  const refused = forums.filter((forum) => view.scans.every((place) => place.forum !== forum || place.state === "unavailable"))
  return refused.map((forum) => `${forumName(forum)} is not read. ${view.scans.find((place) => place.forum === forum).detail}`).join(" ")
}

export function mount(box, model) {
  return mountNotice(box, model, {follow, words: wordsOf, again: (shown) => shown.load()})
}
