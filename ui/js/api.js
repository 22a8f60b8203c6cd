// The API over HTTP: JSON in, or an error that says what to do.

export const INTERVAL_MS = {"1s": 1_000, "1m": 60_000, "5m": 300_000}
const TIMEOUT_MS = 10_000

/** A request that failed; `answered` tells a refusal from silence. */
export class RequestFailed extends Error {
  constructor(message, {answered, status = null}) {
    super(message)
    this.answered = answered
    this.status = status
  }
}

/** GET `path` of the API at `base`. */
export async function get(base, path, {allow = []} = {}) {
  const url = base + path
  let response
  try {
    response = await fetch(url, {signal: AbortSignal.timeout(TIMEOUT_MS), headers: {accept: "application/json"}})
  } catch (error) {
    const why = error.name === "TimeoutError" ? `did not answer within ${TIMEOUT_MS / 1000} s` : "does not answer"
    throw new RequestFailed(`${url} ${why}`, {answered: false})
  }
  const body = await response.json().catch(() => null)
  if (body !== null && (response.ok || allow.includes(response.status))) return body
  const detail = body?.detail ?? body?.title ?? `answered ${response.status} ${response.statusText}`
  throw new RequestFailed(`${url}: ${detail}`, {answered: true, status: response.status})
}

/** The address of the newest `limit` bars of a symbol. */
export function barsPath(symbol, interval, {limit, fromMs = null}) {
  const from = fromMs === null ? "" : `&from=${fromMs}`
  return `/bars/${encodeURIComponent(symbol)}?interval=${interval}&limit=${limit}${from}`
}

/** The address of the newest `limit` spreads of a pair; `~` needs no escape. */
export function spreadsPath(pair, interval, {limit}) {
  return `/spreads/${encodeURIComponent(pair)}?interval=${interval}&limit=${limit}`
}
