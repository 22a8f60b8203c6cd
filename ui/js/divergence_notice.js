// What is wrong with the scans that are shown, and what to do; nothing while all is well.

import {follow} from "./divergence.js"
import {ago} from "./divergence_rows.js"
import {mountNotice} from "./result_notice.js"

/** The line for what is shown; "" while all is well. */
export function wordsOf(shown, nowMs) {
  if (shown.wrong) return shown.wrong
  if (shown.scanError) return `${shown.scanError.message}. Below is the last result.`
  const failed = shown.groups.filter((group) => shown.errors.has(group))
  if (!failed.length || shown.isFetching) return ""
  const old = failed.map((group) => (shown.views.has(group) ? `${group} is ${ago(nowMs - shown.views.get(group).takenMs).replace(" ago", " old")}` : `${group} is missing`))
  return `${shown.errors.get(failed[0]).message}. ${old.join(", ")}.`
}

export function mount(box, model) {
  return mountNotice(box, model, {follow, words: wordsOf, again: (shown) => shown.scan()})
}
